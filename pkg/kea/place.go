package kea

import (
	"fmt"
	"strings"
)

// place is a place in a configuration: "subnet4[0].pools[1]".
type place []string

func (p *place) push(key string)  { *p = append(*p, "."+key) }
func (p *place) pushIndex(i int)  { *p = append(*p, fmt.Sprintf("[%d]", i)) }
func (p *place) pushID(id string) { *p = append(*p, "["+id+"]") }
func (p *place) pop()             { *p = (*p)[:len(*p)-1] }
func (p place) String() string    { return strings.TrimPrefix(strings.Join(p, ""), ".") }
