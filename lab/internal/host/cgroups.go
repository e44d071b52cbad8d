package host

import (
	"os"
	"path/filepath"
	"time"
)

const cgroupRoot = "/sys/fs/cgroup"

// hierarchies are the machine's cgroup hierarchies: one a controller in version 1, the root itself in version 2.
func hierarchies() []string {
	if _, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers")); err == nil {
		return []string{cgroupRoot}
	}
	found := []string{}
	entries, _ := os.ReadDir(cgroupRoot)
	for _, entry := range entries {
		dir := filepath.Join(cgroupRoot, entry.Name())
		if info, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil && !info.IsDir() && entry.IsDir() {
			found = append(found, dir)
		}
	}
	return found
}

// createCgroups makes the kubelet's root cgroup in every hierarchy. A new cpuset has no cpus until it is given some.
func (h *Host) createCgroups() error {
	for _, hierarchy := range hierarchies() {
		dir := filepath.Join(hierarchy, h.Name)
		if filepath.Base(hierarchy) == "unified" { // the half-empty version 2 tree beside version 1: runc makes what it needs
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(hierarchy, file))
			if err != nil || hierarchy == cgroupRoot {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, file), value, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeCgroups removes the lab's cgroups; the kernel takes a moment to empty them after their processes have ended.
// It returns those that are left.
func (h *Host) removeCgroups() []string {
	left := []string{}
	for range 25 {
		left = left[:0]
		for _, hierarchy := range hierarchies() {
			dir := filepath.Join(hierarchy, h.Name)
			if _, err := os.Stat(dir); err != nil {
				continue
			}
			removeTree(dir)
			if _, err := os.Stat(dir); err == nil {
				left = append(left, dir)
			}
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return left
}

// removeTree removes cgroup folders leaves first; their files go with them and cannot be removed one by one.
func removeTree(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.IsDir() {
			removeTree(filepath.Join(dir, entry.Name()))
		}
	}
	_ = os.Remove(dir)
}
