package kea

// Every type of a document keeps the members it has no field for.

// MarshalJSON implements json.Marshaler.
func (d Document) MarshalJSON() ([]byte, error) { return encodeObject(d) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Document) UnmarshalJSON(data []byte) error { return decodeObject(data, d) }

// MarshalJSON implements json.Marshaler.
func (d DHCPDocument) MarshalJSON() ([]byte, error) { return encodeObject(d) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *DHCPDocument) UnmarshalJSON(data []byte) error { return decodeObject(data, d) }

// MarshalJSON implements json.Marshaler.
func (a AgentDocument) MarshalJSON() ([]byte, error) { return encodeObject(a) }

// UnmarshalJSON implements json.Unmarshaler.
func (a *AgentDocument) UnmarshalJSON(data []byte) error { return decodeObject(data, a) }

// MarshalJSON implements json.Marshaler.
func (a AgentSockets) MarshalJSON() ([]byte, error) { return encodeObject(a) }

// UnmarshalJSON implements json.Unmarshaler.
func (a *AgentSockets) UnmarshalJSON(data []byte) error { return decodeObject(data, a) }

// MarshalJSON implements json.Marshaler.
func (l LeaseDatabase) MarshalJSON() ([]byte, error) { return encodeObject(l) }

// UnmarshalJSON implements json.Unmarshaler.
func (l *LeaseDatabase) UnmarshalJSON(data []byte) error { return decodeObject(data, l) }

// MarshalJSON implements json.Marshaler.
func (h HostsDatabase) MarshalJSON() ([]byte, error) { return encodeObject(h) }

// UnmarshalJSON implements json.Unmarshaler.
func (h *HostsDatabase) UnmarshalJSON(data []byte) error { return decodeObject(data, h) }

// MarshalJSON implements json.Marshaler.
func (i InterfacesConfig) MarshalJSON() ([]byte, error) { return encodeObject(i) }

// UnmarshalJSON implements json.Unmarshaler.
func (i *InterfacesConfig) UnmarshalJSON(data []byte) error { return decodeObject(data, i) }

// MarshalJSON implements json.Marshaler.
func (c ControlSocketEntry) MarshalJSON() ([]byte, error) { return encodeObject(c) }

// UnmarshalJSON implements json.Unmarshaler.
func (c *ControlSocketEntry) UnmarshalJSON(data []byte) error { return decodeObject(data, c) }

// MarshalJSON implements json.Marshaler.
func (s ServerID) MarshalJSON() ([]byte, error) { return encodeObject(s) }

// UnmarshalJSON implements json.Unmarshaler.
func (s *ServerID) UnmarshalJSON(data []byte) error { return decodeObject(data, s) }

// MarshalJSON implements json.Marshaler.
func (m MultiThreading) MarshalJSON() ([]byte, error) { return encodeObject(m) }

// UnmarshalJSON implements json.Unmarshaler.
func (m *MultiThreading) UnmarshalJSON(data []byte) error { return decodeObject(data, m) }

// MarshalJSON implements json.Marshaler.
func (l Logger) MarshalJSON() ([]byte, error) { return encodeObject(l) }

// UnmarshalJSON implements json.Unmarshaler.
func (l *Logger) UnmarshalJSON(data []byte) error { return decodeObject(data, l) }

// MarshalJSON implements json.Marshaler.
func (l LoggerOutput) MarshalJSON() ([]byte, error) { return encodeObject(l) }

// UnmarshalJSON implements json.Unmarshaler.
func (l *LoggerOutput) UnmarshalJSON(data []byte) error { return decodeObject(data, l) }

// MarshalJSON implements json.Marshaler.
func (h HookLibrary) MarshalJSON() ([]byte, error) { return encodeObject(h) }

// UnmarshalJSON implements json.Unmarshaler.
func (h *HookLibrary) UnmarshalJSON(data []byte) error { return decodeObject(data, h) }

// MarshalJSON implements json.Marshaler.
func (h HookParameters) MarshalJSON() ([]byte, error) { return encodeObject(h) }

// UnmarshalJSON implements json.Unmarshaler.
func (h *HookParameters) UnmarshalJSON(data []byte) error { return decodeObject(data, h) }

// MarshalJSON implements json.Marshaler.
func (h HAEntry) MarshalJSON() ([]byte, error) { return encodeObject(h) }

// UnmarshalJSON implements json.Unmarshaler.
func (h *HAEntry) UnmarshalJSON(data []byte) error { return decodeObject(data, h) }

// MarshalJSON implements json.Marshaler.
func (h HAMultiThreading) MarshalJSON() ([]byte, error) { return encodeObject(h) }

// UnmarshalJSON implements json.Unmarshaler.
func (h *HAMultiThreading) UnmarshalJSON(data []byte) error { return decodeObject(data, h) }

// MarshalJSON implements json.Marshaler.
func (h HAPeerEntry) MarshalJSON() ([]byte, error) { return encodeObject(h) }

// UnmarshalJSON implements json.Unmarshaler.
func (h *HAPeerEntry) UnmarshalJSON(data []byte) error { return decodeObject(data, h) }

// MarshalJSON implements json.Marshaler.
func (s SharedNetwork) MarshalJSON() ([]byte, error) { return encodeObject(s) }

// UnmarshalJSON implements json.Unmarshaler.
func (s *SharedNetwork) UnmarshalJSON(data []byte) error { return decodeObject(data, s) }

// MarshalJSON implements json.Marshaler.
func (s SubnetEntry) MarshalJSON() ([]byte, error) { return encodeObject(s) }

// UnmarshalJSON implements json.Unmarshaler.
func (s *SubnetEntry) UnmarshalJSON(data []byte) error { return decodeObject(data, s) }

// MarshalJSON implements json.Marshaler.
func (r Relay) MarshalJSON() ([]byte, error) { return encodeObject(r) }

// UnmarshalJSON implements json.Unmarshaler.
func (r *Relay) UnmarshalJSON(data []byte) error { return decodeObject(data, r) }

// MarshalJSON implements json.Marshaler.
func (p PoolEntry) MarshalJSON() ([]byte, error) { return encodeObject(p) }

// UnmarshalJSON implements json.Unmarshaler.
func (p *PoolEntry) UnmarshalJSON(data []byte) error { return decodeObject(data, p) }

// MarshalJSON implements json.Marshaler.
func (p PDPoolEntry) MarshalJSON() ([]byte, error) { return encodeObject(p) }

// UnmarshalJSON implements json.Unmarshaler.
func (p *PDPoolEntry) UnmarshalJSON(data []byte) error { return decodeObject(data, p) }

// MarshalJSON implements json.Marshaler.
func (o OptionData) MarshalJSON() ([]byte, error) { return encodeObject(o) }

// UnmarshalJSON implements json.Unmarshaler.
func (o *OptionData) UnmarshalJSON(data []byte) error { return decodeObject(data, o) }

// MarshalJSON implements json.Marshaler.
func (r Reservation) MarshalJSON() ([]byte, error) { return encodeObject(r) }

// UnmarshalJSON implements json.Unmarshaler.
func (r *Reservation) UnmarshalJSON(data []byte) error { return decodeObject(data, r) }
