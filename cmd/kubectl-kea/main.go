// Command kubectl-kea is the kubectl plugin for ISC Kea DHCP on Kubernetes.
package main

func main() {}
