package cnpg

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// captured answers with the status files of a fixture.
func captured(scenario string) Get {
	return func(_ context.Context, _, pod string) ([]byte, error) {
		return os.ReadFile("testdata/" + scenario + "/status-" + pod + ".json")
	}
}

func podNamed(name string) corev1.Pod {
	return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name}}
}

func TestGatherInstances(t *testing.T) {
	got := GatherInstances(t.Context(), captured("network"), podsFixture(t, "network"))
	if len(got) != 3 {
		t.Fatalf("%d instances", len(got))
	}
	zero := 0.0
	row := func(name string) Replication {
		return Replication{
			Name: name, State: "streaming", SyncState: "async", Sent: 0x9000000, Written: 0x9000000,
			Flushed: 0x9000000, Replayed: 0x9000000, Lag: Lag{Seconds: &zero},
		}
	}
	slot := func(name string) Slot {
		return Slot{Name: name, Active: true, WALStatus: "reserved", Restart: 0x9000000}
	}
	want := Instance{
		Pod: "kea-database-1", Primary: true, SystemID: "7711108089310494740", Timeline: 1,
		Current: 0x9000000, CurrentWAL: "000000010000000000000009",
		ArchivingWAL: true, LastArchivedWAL: "000000010000000000000008", LastArchivedTime: got[0].LastArchivedTime,
		Replicas:       []Replication{row("kea-database-2"), row("kea-database-3")},
		Slots:          []Slot{slot("_cnpg_kea_database_2"), slot("_cnpg_kea_database_3")},
		ManagerVersion: "1.30.0",
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	if got[0].LastArchivedTime == nil || got[0].LastFailedTime != nil {
		t.Errorf("archived %v, failed %v", got[0].LastArchivedTime, got[0].LastFailedTime)
	}
	if diff := cmp.Diff(&Lag{Seconds: &zero}, got[1].Lag); diff != "" {
		t.Error(diff)
	}
	if !got[1].WALReceiver || got[1].Replayed != 0x9000000 || got[1].Replicas == nil {
		t.Errorf("%+v", got[1])
	}
}

func TestGatherInstancesPartly(t *testing.T) {
	down := errors.New("no answer")
	get := func(ctx context.Context, namespace, pod string) ([]byte, error) {
		switch pod {
		case "kea-database-3":
			return nil, down
		case "html":
			return []byte("<html>"), nil
		}
		return captured("network")(ctx, namespace, pod)
	}
	got := GatherInstances(t.Context(), get, []corev1.Pod{podNamed("kea-database-3"), podNamed("kea-database-2"), podNamed("html")})
	if got[0].Pod != "kea-database-3" || !errors.Is(got[0].Err, down) || got[0].Error != "no answer" {
		t.Errorf("%+v", got[0])
	}
	if got[1].Err != nil || got[1].Lag != nil {
		t.Errorf("without the primary there is no lag: %+v", got[1])
	}
	if got[2].Err == nil {
		t.Error("HTML is no status")
	}
}

func TestGatherInstancesFenced(t *testing.T) {
	got := GatherInstances(t.Context(), captured("fenced"), []corev1.Pod{podNamed("db1-1")})
	if !got[0].Unavailable || got[0].UnavailableError == "" || got[0].Current != 0 {
		t.Errorf("%+v", got[0])
	}
}

func TestLags(t *testing.T) {
	half := 0.5
	primary := Instance{Pod: "a", Primary: true, Current: 1000, Replicas: []Replication{{Name: "b", Lag: Lag{Bytes: 100, Seconds: &half}}}}
	instances := []Instance{primary, {Pod: "b", Replayed: 400}, {Pod: "c", Replayed: 700}, {Pod: "d", Replayed: 2000}, {Pod: "e"}}
	measureLags(instances)
	want := []*Lag{nil, {Bytes: 100, Seconds: &half}, {Bytes: 300}, {Bytes: 0}, nil}
	for i := range instances {
		if diff := cmp.Diff(want[i], instances[i].Lag); diff != "" {
			t.Errorf("%s: %s", instances[i].Pod, diff)
		}
	}
	two := []Instance{primary, {Pod: "x", Primary: true, Current: 5}, {Pod: "c", Replayed: 700}}
	measureLags(two)
	if two[2].Lag != nil {
		t.Error("behind which of two primaries?")
	}
}

func TestDecodeIsLenient(t *testing.T) {
	i, err := decodeInstance([]byte(`{"isPrimary":true,"currentLsn":"0/400","timeLineID":"three","new":{"a":1},` +
		`"replicationInfo":[{"applicationName":"b","receivedLsn":"0/300","replayLag":"??"},{"applicationName":"a","replayLsn":"0/100","replayLag":"1 day 00:00:01.5"}],` +
		`"replicationSlotsInfo":[{"slotName":"s","restartLsn":"0/200"},{"slotName":"n"}],"lastFailedWALTime":"2026-11-22 21:34:16.5+00"}`))
	if err != nil {
		t.Fatal(err)
	}
	day := (24*time.Hour + 1500*time.Millisecond).Seconds()
	want := []Replication{{Name: "a", Replayed: 0x100, Lag: Lag{Bytes: 0x300, Seconds: &day}}, {Name: "b", Sent: 0x300, Lag: Lag{Bytes: 0x100}}}
	if diff := cmp.Diff(want, i.Replicas); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Slot{{Name: "n"}, {Name: "s", Restart: 0x200, Retained: 0x200}}, i.Slots); diff != "" {
		t.Error(diff)
	}
	if i.Timeline != 0 || i.LastFailedTime == nil {
		t.Errorf("%+v", i)
	}
	for _, body := range []string{"", "[]", "null x", `"text"`} {
		if _, err := decodeInstance([]byte(body)); err == nil {
			t.Errorf("%q was accepted", body)
		}
	}
}

func TestParseInterval(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"00:00:00", 0, true},
		{"00:00:00.001234", 1234 * time.Microsecond, true},
		{"01:02:03", time.Hour + 2*time.Minute + 3*time.Second, true},
		{"100:00:00", 100 * time.Hour, true},
		{"2 days", 48 * time.Hour, true},
		{"1 day 00:00:01", 24*time.Hour + time.Second, true},
		{"-00:00:01", -time.Second, true},
		{"", 0, false},
		{"x days", 0, false},
		{"1:2", 0, false},
		{"a:b:c", 0, false},
	}
	for _, test := range tests {
		if got, ok := parseInterval(test.text); got != test.want || ok != test.ok {
			t.Errorf("%q: %v, %v", test.text, got, ok)
		}
	}
}
