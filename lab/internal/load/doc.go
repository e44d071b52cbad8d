// Package load is the lab's measuring stick: it plays DHCP clients that make real exchanges (DISCOVER, OFFER, REQUEST
// and ACK; SOLICIT, ADVERTISE, REQUEST and REPLY) through relays, one relay per VLAN and family, to every server of a
// highly available pair at once, at a given rate and for a given time, and it counts what a client would have felt.
//
// A client does not retransmit, as a real one would, because that would hide the loss that is to be measured: an
// exchange without an ACK within [Config.Timeout] is lost. The load is open-loop: new exchanges start by the clock,
// whether the earlier ones were answered or not. A run ends by itself and sends to nothing but the configured servers,
// which must have addresses that can only be in a lab.
//
// [Run] does the packets; all arithmetic is in a recorder that knows neither packets nor clocks.
package load
