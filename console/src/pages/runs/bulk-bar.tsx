/** What was selected, and what can be done to it. */

import { useMay } from "../../api/session";
import { useAppearance, useWords } from "../../appearance";
import { Confirm } from "../../ui/bulk/confirm";
import { ACTS, type Act, type Selection, useFreeze, useSelection } from "../../ui/bulk/requests";
import { BULK } from "../../ui/bulk/words";
import { Wrong } from "../../ui/states";
import { moment } from "../../ui/time";
import type { Address } from "./address";
import { wantedOf, withOwn, withoutSelection } from "./filters";
import { NONE, type Picked } from "./picking";

export function BulkBar({
  address,
  picked,
  pick,
}: {
  address: Address;
  picked: Picked;
  pick: (change: (picked: Picked) => Picked) => void;
}) {
  const here = useWords(BULK);
  const may = useMay("operate");
  const id = address.get("selection");
  const frozen = useSelection(id);
  const freeze = useFreeze();
  const act = ACTS.find((each) => each === address.get("act"));
  const letGo = () => {
    pick(() => NONE);
    freeze.reset();
    address.go(withoutSelection, true);
  };
  const take = (selection: Selection, next: Act | null) =>
    address.go((search) => withOwn(search, { selection: selection.id, act: next }));
  const choose = (next: Act) => {
    if (frozen.data) take(frozen.data, next);
    else freeze.mutate({ run: [...picked.ids] }, { onSuccess: (selection) => take(selection, next) });
  };
  const error = freeze.error ?? frozen.error;
  if (!may || (picked.ids.size === 0 && id === null)) return null;
  return (
    <section className="bulk-bar runs-bar" aria-label={here.bar}>
      <output>
        {freeze.isPending || frozen.isLoading ? here.freezing : <Count picked={picked} selection={frozen.data} />}
      </output>
      {id === null && (
        <button
          type="button"
          className="link"
          disabled={freeze.isPending}
          onClick={() =>
            freeze.mutate(wantedOf(address.filters), {
              onSuccess: (selection) => {
                pick(() => NONE);
                take(selection, null);
              },
            })
          }
        >
          {address.filters.size ? here.all : here.every}
        </button>
      )}
      <div className="bulk-acts">
        {ACTS.map((each) => (
          <button
            key={each}
            type="button"
            className="button"
            disabled={freeze.isPending || frozen.isError || frozen.data?.count === 0}
            onClick={() => choose(each)}
          >
            {here[each]}
          </button>
        ))}
        <button type="button" className="button" onClick={letGo}>
          {here.letGo}
        </button>
      </div>
      {error && <Wrong error={error} />}
      {act && frozen.data && (
        <Confirm
          key={act}
          selection={frozen.data}
          act={act}
          onClose={() => address.go((search) => withOwn(search, { act: null }), true)}
          onBegun={(action) => {
            pick(() => NONE);
            address.go((search) => withOwn(withoutSelection(search), { action }));
          }}
        />
      )}
    </section>
  );
}

function Count({ picked, selection }: { picked: Picked; selection: Selection | undefined }) {
  const here = useWords(BULK);
  const { language, zone } = useAppearance();
  if (selection === undefined) return <>{picked.ids.size > 0 && here.picked(picked.ids.size)}</>;
  return <>{here.frozen(selection.count, moment(new Date(selection.created_at), language, zone))}</>;
}
