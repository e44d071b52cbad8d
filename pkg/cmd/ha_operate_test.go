package cmd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func TestWrongCommandLinesOfHAOperations(t *testing.T) {
	const which = "error: which server? name one, as in kea-dhcp-0/dhcp4, or a pod\nhint: kubectl kea ha status\n"
	for line, want := range map[string]string{
		"ha maintenance start":                      which,
		"ha maintenance start kea-0 kea-1":          "error: one server is taken, not 2: kea-0 kea-1\nhint: kubectl kea ha maintenance start --help\n",
		"ha maintenance cancel kea-0 kea-1":         "error: one server is taken, not 2\nhint: kubectl kea ha maintenance cancel --help\n",
		"ha maintenance start kea-0 --dry-run=some": "error: --dry-run \"some\": it takes none, client or server\nhint: kubectl kea ha maintenance start --help\n",
		"ha force-takeover":                         which,
		"ha reset":                                  which,
		"ha sync":                                   which,
		"ha continue":                               which,
		"ha wait --for ever":                        "error: --for \"ever\": it takes healthy or serving\nhint: kubectl kea ha wait --help\n",
	} {
		t.Run(line, func(t *testing.T) {
			same(t, result{err: want, code: ExitUsage}, run(t.Context(), nil, strings.Fields(line)...))
		})
	}
}

func TestHAPlanPage(t *testing.T) {
	plan := ha.Plan{Namespace: "network", Operation: ha.MaintenanceCancel, Server: "kea-0", Acts: []ha.Act{
		{
			Server: "kea-0/dhcp4", State: kea.StateInMaintenance, Partner: "kea-1/dhcp4", PartnerState: kea.StatePartnerInMaintenance,
			Command: "ha-maintenance-cancel", To: "kea-1/dhcp4", Wanted: "both normal", Costs: []string{"not gapless"},
		},
		{Server: "kea-0/dhcp6", State: kea.StateHotStandby, Partner: "kea-1/dhcp6", PartnerState: kea.StateHotStandby, Done: "it is not in maintenance"},
		{Server: "kea-9/dhcp4", Partner: "kea-8/dhcp4", PartnerState: kea.StatePartnerDown, Refused: "it is down"},
	}}
	want := []string{
		"ha maintenance cancel in namespace network",
		"",
		"kea-0/dhcp4 is in-maintenance, its partner kea-1/dhcp4 is partner-in-maintenance",
		"  send     ha-maintenance-cancel to kea-1/dhcp4",
		"  until    both normal",
		"  cost     not gapless",
		"",
		"kea-0/dhcp6 is hot-standby, its partner kea-1/dhcp6 is hot-standby",
		"  done     it is not in maintenance",
		"",
		"kea-9/dhcp4 is not reached, its partner kea-8/dhcp4 is partner-down",
		"  refused  it is down",
		"",
		"dry run: nothing was changed",
	}
	page := haPlanPage(plan, true)
	if diff := cmp.Diff(want, page.Lines(printer.Canvas{})); diff != "" {
		t.Error(diff)
	}
}

// What brings service back is done although an install is unfinished; nothing is done in the middle of a cutover.
func TestHAOperationsBesideOthers(t *testing.T) {
	for _, tt := range []struct {
		kind    ha.Kind
		pending string
		refused bool
	}{
		{ha.MaintenanceStart, "install", true},
		{ha.MaintenanceStart, "ha maintenance start", false},
		{ha.Reset, "ha maintenance start", false},
		{ha.MaintenanceCancel, "install", false},
		{ha.ForceTakeover, "install", false},
		{ha.MaintenanceCancel, "cutover", true},
		{ha.ForceTakeover, "rollback", true},
	} {
		env, _, _ := testEnv()
		err := newHAOperation(&env, tt.kind).othersUnfinished(&inventory.Inventory{Operations: []inventory.Operation{{Kind: tt.pending, By: "ann", Continue: "again"}}})
		if refused := err != nil; refused != tt.refused || refused && hintOf(err) != "again" {
			t.Errorf("%s beside %s: %v", tt.kind, tt.pending, err)
		}
	}
}
