package host

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holderMark begins the holder's script, and so tells its command line from everybody else's.
func (h *Host) holderMark() string { return "hostname " + h.Name }

// bindState is the command in the holder's script that tells which state folder it holds.
func (h *Host) bindState() string { return "mount --bind " + h.State + " /run/state" }

func (h *Host) pidFile(name string) string { return filepath.Join(h.Run(), name+".pid") }

func (h *Host) readPid(name string) int {
	data, err := os.ReadFile(h.pidFile(name))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	return pid
}

// Lives says whether a daemon of the lab runs: its pid file names a process, and that is the daemon. After a restart of
// the machine the file is still there, and the pid may be anybody's.
func (h *Host) Lives(name string) bool {
	pid := h.readPid(name)
	return alive(pid) && h.owns(name, commandLine(pid))
}

// owns says whether a command line is that of a daemon which this lab's holder started, or of the holder itself.
func (h *Host) owns(name string, argv []string) bool {
	switch name {
	case "holder", "unshare":
		program := map[string]string{"holder": "bash", "unshare": "unshare"}[name]
		return len(argv) > 1 && filepath.Base(argv[0]) == program && h.isHolderScript(argv[len(argv)-1])
	}
	enter := h.Enter()
	return len(argv) > len(enter) && slices.Equal(argv[:len(enter)], enter) &&
		slices.ContainsFunc(argv[len(enter):], func(arg string) bool { return filepath.Base(arg) == name })
}

func (h *Host) isHolderScript(script string) bool {
	return strings.HasPrefix(script, h.holderMark()+"\n")
}

// belongsToAnotherLab says whether a command line is that of a lab's holder whose state folder is not ours.
func (h *Host) belongsToAnotherLab(argv []string) bool {
	if len(argv) == 0 {
		return false
	}
	script := argv[len(argv)-1]
	return h.isHolderScript(script) && !strings.Contains(script, h.bindState())
}

// alive says whether a process of this machine runs and is no zombie.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !isZombie(stat)
}

// isZombie reads the state from a /proc/PID/stat: the field after the name, which is in brackets and may hold anything.
func isZombie(stat []byte) bool {
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	return len(rest) < 2 || rest[1] == 'Z'
}

// commandLine is a process's argv; empty when there is no such process.
func commandLine(pid int) []string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

// commandName is the name of the program that a process runs.
func commandName(pid int) string {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(data))
}

func onlyChild(pid int) (int, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	fields := strings.Fields(string(data))
	if err != nil || len(fields) == 0 {
		return 0, false
	}
	child, err := strconv.Atoi(fields[0])
	return child, err == nil
}
