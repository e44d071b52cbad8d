// Package printer is the presentation kit: text in tones, tables that fit the
// terminal, pages, bars, live steps, a redrawn screen and the output formats.
// It knows no domain. A view builds a [Page] out of [Line]s and [Table]s, and
// the [Canvas] it is drawn on decides about colour, width and glyphs.
//
// Text that enters a [Line] is escaped on the way in, so nothing that a DHCP
// client or a server wrote can steer the operator's terminal.
package printer
