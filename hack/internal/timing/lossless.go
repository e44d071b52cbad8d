package timing

import (
	"errors"
	"fmt"
	"os"
)

// Lossless is the highest rate at which nothing is lost, of those that double from 10 on up to most, and one between the
// last two. Each try is told on standard error.
func Lossless(most float64, try func(rate float64) (lost, started int, err error)) (float64, error) {
	best := 0.0
	fine := func(rate float64) (bool, error) {
		lost, started, err := try(rate)
		if err != nil {
			return false, err
		}
		fmt.Fprintf(os.Stderr, "%g exchanges a second: %d of %d lost\n", rate, lost, started)
		if lost == 0 {
			best = rate
		}
		return lost == 0, nil
	}
	for rate := 10.0; rate <= most; rate *= 2 {
		ok, err := fine(rate)
		if err != nil {
			return 0, err
		}
		if ok {
			continue
		}
		if _, err := fine(rate * 3 / 4); err != nil {
			return 0, err
		}
		break
	}
	if best == 0 {
		return 0, errors.New("even 10 exchanges a second are too many")
	}
	return best, nil
}
