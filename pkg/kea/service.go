package kea

// Service names a Kea daemon as the API does.
type Service string

// The DHCP daemons.
const (
	DHCP4 Service = "dhcp4"
	DHCP6 Service = "dhcp6"
)

// section is the top-level key of the daemon's configuration.
func (s Service) section() string {
	if s == DHCP6 {
		return "Dhcp6"
	}
	return "Dhcp4"
}
