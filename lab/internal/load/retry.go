package load

import "time"

// retryEvery is the least pause between two tries of an unanswered client.
const retryEvery = 2 * time.Second

// want is a client's wish for an address, from its first unanswered packet on.
type want struct {
	relay    *relay
	number   int
	since    time.Time
	next     time.Time
	answered bool
}

// reminder is a look at a want that is due at an instant; it is void if the want's next try is at another one.
type reminder struct {
	*want
	at time.Time
}

// wanted notes that a client tries at t, and plans its next try. A client that is still unanswered goes on wanting from
// when it began to.
func (e *engine) wanted(r *relay, number int, t time.Time) *want {
	w := r.wants[number]
	if w == nil {
		w = &want{relay: r, number: number, since: t}
		r.wants[number] = w
	}
	w.next = t.Add(max(retryEvery, e.config.Timeout))
	e.reminders = append(e.reminders, reminder{want: w, at: w.next})
	return w
}

// satisfied ends the want to which the exchange belongs: the client has got an answer, if only a NAK.
func (x *exchange) satisfied() {
	if w := x.want; w != nil && !w.answered {
		w.answered = true
		delete(w.relay.wants, w.number)
	}
}

// retry lets the clients try again that are due at t. It must be called without the lock.
func (e *engine) retry(t time.Time) {
	for {
		w := e.dueWant(t)
		if w == nil {
			return
		}
		e.begin(w.relay, w.number, true)
	}
}

// dueWant takes the next want that is due from the reminders, which are in the order of their instants because the
// pause is always the same. It returns nil if there is none.
func (e *engine) dueWant(t time.Time) *want {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.reminders) > 0 && !t.Before(e.reminders[0].at) {
		m := e.reminders[0]
		e.reminders[0] = reminder{}
		e.reminders = e.reminders[1:]
		if !m.answered && m.next.Equal(m.at) {
			return m.want
		}
	}
	return nil
}
