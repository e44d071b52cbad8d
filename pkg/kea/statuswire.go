package kea

import "time"

// statusWire is the arguments of an answer to status-get.
type statusWire struct {
	PID       int   `json:"pid"`
	Uptime    int64 `json:"uptime"`
	Reload    int64 `json:"reload"`
	DHCPState *struct {
		GloballyDisabled        bool  `json:"globally-disabled"`
		DisabledByUser          bool  `json:"disabled-by-user"`
		DisabledByLocalCommand  []int `json:"disabled-by-local-command"`
		DisabledByRemoteCommand []int `json:"disabled-by-remote-command"`
		DisabledByDBConnection  []int `json:"disabled-by-db-connection"`
	} `json:"dhcp-state"`
	HighAvailability []struct {
		Mode    HAMode `json:"ha-mode"`
		Servers struct {
			Local  localWire  `json:"local"`
			Remote remoteWire `json:"remote"`
		} `json:"ha-servers"`
	} `json:"high-availability"`
	Sockets struct {
		Status string   `json:"status"`
		Errors []string `json:"errors"`
	} `json:"sockets"`
	MultiThreading  bool      `json:"multi-threading-enabled"`
	ThreadPoolSize  int       `json:"thread-pool-size"`
	PacketQueueSize int       `json:"packet-queue-size"`
	PacketQueue     []float64 `json:"packet-queue-statistics"`
}

type localWire struct {
	Role       HARole   `json:"role"`
	ServerName string   `json:"server-name"`
	Scopes     []string `json:"scopes"`
	State      HAState  `json:"state"`
	SystemTime string   `json:"system-time"`
}

type remoteWire struct {
	Role                     HARole   `json:"role"`
	ServerName               string   `json:"server-name"`
	LastState                HAState  `json:"last-state"`
	LastScopes               []string `json:"last-scopes"`
	Age                      int64    `json:"age"`
	InTouch                  bool     `json:"in-touch"`
	CommunicationInterrupted bool     `json:"communication-interrupted"`
	AnalyzedPackets          int      `json:"analyzed-packets"`
	ConnectingClients        int      `json:"connecting-clients"`
	UnackedClients           int      `json:"unacked-clients"`
	UnackedClientsLeft       int      `json:"unacked-clients-left"`
	ClockSkew                *int     `json:"clock-skew"`
	SystemTime               string   `json:"system-time"`
}

func (w statusWire) status() Status {
	s := Status{
		PID:             w.PID,
		Uptime:          seconds(w.Uptime),
		Reload:          seconds(w.Reload),
		Sockets:         Sockets{Status: w.Sockets.Status, Errors: w.Sockets.Errors},
		MultiThreading:  w.MultiThreading,
		ThreadPoolSize:  w.ThreadPoolSize,
		PacketQueueSize: w.PacketQueueSize,
		PacketQueue:     w.PacketQueue,
	}
	if d := w.DHCPState; d != nil {
		s.DHCP = &DHCPState{
			GloballyDisabled:        d.GloballyDisabled,
			DisabledByUser:          d.DisabledByUser,
			DisabledByLocalCommand:  d.DisabledByLocalCommand,
			DisabledByRemoteCommand: d.DisabledByRemoteCommand,
			DisabledByDBConnection:  d.DisabledByDBConnection,
		}
	}
	for _, h := range w.HighAvailability {
		s.HA = append(s.HA, HARelationship{Mode: h.Mode, Local: h.Servers.Local.local(), Remote: h.Servers.Remote.remote()})
	}
	return s
}

func (w localWire) local() HALocal {
	return HALocal{
		Role:       w.Role,
		ServerName: w.ServerName,
		Scopes:     w.Scopes,
		State:      w.State,
		SystemTime: systemTime(w.SystemTime),
	}
}

func (w remoteWire) remote() HARemote {
	return HARemote{
		Role:                     w.Role,
		ServerName:               w.ServerName,
		LastState:                w.LastState,
		LastScopes:               w.LastScopes,
		Age:                      seconds(w.Age),
		InTouch:                  w.InTouch,
		CommunicationInterrupted: w.CommunicationInterrupted,
		AnalyzedPackets:          w.AnalyzedPackets,
		ConnectingClients:        w.ConnectingClients,
		UnackedClients:           w.UnackedClients,
		UnackedClientsLeft:       w.UnackedClientsLeft,
		ClockSkew:                w.ClockSkew,
		SystemTime:               systemTime(w.SystemTime),
	}
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// systemTime reads a server's clock as Kea 3.0 writes it, "2026-11-22 18:29:14" in UTC; nil when there is none.
func systemTime(s string) *time.Time {
	t, err := time.Parse(time.DateTime, s)
	if err != nil {
		return nil
	}
	return &t
}
