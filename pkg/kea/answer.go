package kea

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// answer reads the response to a command.
func (c *Client) answer(resp *http.Response, call *Call, out any) error {
	body := &limited{from: resp.Body, left: c.maxAnswer}
	defer func() {
		// A connection is used again only when its answer was read to the end.
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
	}()
	if resp.StatusCode != http.StatusOK {
		return httpError(resp.StatusCode, body, call)
	}
	a, err := decodeAnswer(body, out)
	call.Bytes = body.read
	switch {
	case err == nil:
	case body.tooLarge:
		return &cause{call: call, is: ErrTooLarge, err: fmt.Errorf("%w: %d bytes", ErrTooLarge, c.maxAnswer)}
	case body.err != nil:
		return transportError(call, fmt.Errorf("in the middle of the answer: %w", body.err))
	default:
		return &cause{call: call, is: ErrNotKea, err: fmt.Errorf("%w: %w%s", ErrNotKea, err, body.excerpt())}
	}
	if a.Result != ResultSuccess {
		return &Error{Command: call.Command, Service: call.Service, Result: a.Result, Text: redactText(a.Text)}
	}
	if a.arguments != nil {
		return fmt.Errorf("%s (%s): decode the arguments of the answer: %w", call.Command, call.Service, a.arguments)
	}
	return nil
}

// httpError makes an error of a response whose status is not 200. Kea says 400 and 401 itself, with a bare object as
// body; other numbers come from something in between.
func httpError(status int, body *limited, call *Call) error {
	e := &Error{Command: call.Command, Service: call.Service, Result: status}
	body.left = min(body.left, 64<<10)
	a, err := decodeAnswer(body, nil)
	call.Bytes = body.read
	switch {
	case err == nil:
		e.Text = redactText(a.Text)
	case a.message != "":
		e.Text = redactText(a.message)
	default:
		e.Text = fmt.Sprintf("HTTP status %d%s", status, body.excerpt())
	}
	return e
}

// reply is an answer without its arguments.
type reply struct {
	Result    int
	Text      string
	message   string // not Kea's: what a proxy says in its JSON
	arguments error  // why they could not be decoded into what the caller gave
}

// decodeAnswer reads one answer, a bare object or the first element of an array, and decodes its arguments into out.
// An error means that the text is not an answer of Kea's. Arguments that are JSON and do not fit out are reported in
// reply, since an answer with an error may bring other arguments.
func decodeAnswer(r io.Reader, out any) (reply, error) {
	dec := json.NewDecoder(r)
	var a reply
	if out == nil {
		out = new(discard)
	}
	if err := openAnswer(dec); err != nil {
		return a, err
	}
	seen := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return a, describe(err)
		}
		switch key {
		case "result":
			seen = true
			err = dec.Decode(&a.Result)
		case "text":
			err = dec.Decode(&a.Text)
		case "arguments":
			err = dec.Decode(out)
			if err != nil && !broken(err) {
				a.arguments, err = err, nil
			}
		case "message":
			var message any
			err = dec.Decode(&message)
			a.message, _ = message.(string)
		default:
			err = dec.Decode(new(discard))
		}
		if err != nil {
			return a, describe(err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return a, describe(err)
	}
	if !seen {
		return a, errors.New("it has no result")
	}
	return a, nil
}

// openAnswer reads up to the first member of the answer.
func openAnswer(dec *json.Decoder) error {
	token, err := dec.Token()
	if err == nil && token == json.Delim('[') {
		if !dec.More() {
			return errors.New("it is an empty list")
		}
		token, err = dec.Token()
	}
	if err != nil {
		return errors.New("it is not JSON")
	}
	if token != json.Delim('{') {
		return errors.New("it is not an object")
	}
	return nil
}

// broken reports whether an error means that the text is not JSON or cannot be read on. Other errors of the decoder
// mean that a value has another type than expected. (An error of the reader that is neither comes back at the next
// token.)
func broken(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// describe says in what way a text is not an answer. The decoder's own words may quote the text and are not used.
func describe(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return errors.New("it is not valid JSON")
	case broken(err):
		return errors.New("it ends too early")
	}
	return errors.New("it has another shape")
}

// discard takes any JSON and keeps nothing.
type discard struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*discard) UnmarshalJSON([]byte) error { return nil }

// limited reads at most left bytes, and remembers how the answer began and what went wrong.
type limited struct {
	from     io.Reader
	left     int64
	read     int64
	start    []byte
	tooLarge bool
	err      error // other than the end
}

// excerptLength is how much of a text that is not JSON an error shows.
const excerptLength = 80

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		if n, err := l.from.Read(one[:]); n == 0 && err != nil {
			return 0, err
		}
		l.tooLarge = true
		return 0, ErrTooLarge
	}
	n, err := l.from.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	l.read += int64(n)
	if want := excerptLength - len(l.start); want > 0 {
		l.start = append(l.start, p[:min(n, want)]...)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}

// excerpt returns the beginning of a text that is not JSON, escaped. What looks like JSON is not shown: it may be a
// configuration with passwords.
func (l *limited) excerpt() string {
	text := bytes.TrimSpace(l.start)
	if len(text) == 0 || text[0] == '{' || text[0] == '[' || text[0] == '"' {
		return ""
	}
	return fmt.Sprintf(" (it begins with %q)", text)
}

// oneLine makes a server's text fit for an error: one line, no control characters.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
