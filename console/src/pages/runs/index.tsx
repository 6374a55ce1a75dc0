/** The runs, newest first. What one looks for, and what one is doing to many of them, stands in the address. */

import { useState } from "react";
import { Refusal } from "../../api/client";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { Progress } from "../../ui/bulk/progress";
import { Heading } from "../../ui/heading";
import { Nothing, NothingMatches, Skeleton, Wrong } from "../../ui/states";
import { type Address, useAddress } from "./address";
import { FilterBar, unfiltered } from "./bar";
import { BulkBar } from "./bulk-bar";
import { newer, older, withOwn, withoutSelection } from "./filters";
import { newcomers, type Shown } from "./merging";
import { PAGE, useRunPage } from "./page";
import { NONE } from "./picking";
import { RunTable } from "./table";
import { RUNS } from "./words";
import "./runs.css";

export default function RunsPage() {
  const here = useWords(RUNS);
  const address = useAddress();
  const action = address.get("action");
  return (
    <>
      <header className="page-head">
        <Heading>{here.runs}</Heading>
      </header>
      <FilterBar address={address} />
      {action && (
        <Progress id={action} onClose={() => address.go((search) => withOwn(search, { action: null }), true)} />
      )}
      {/* What was picked belongs to what was looked for: of another list nothing is picked unseen. */}
      <RunList key={address.filters.toString()} address={address} />
    </>
  );
}

function RunList({ address }: { address: Address }) {
  const words = useWords();
  const here = useWords(RUNS);
  const may = useMay("operate");
  const [picked, pick] = useState(NONE);
  const { query, show } = useRunPage(address.filters, address.cursor);
  // What is wrong with the filters no further try makes right.
  const wrong = query.error instanceof Refusal && query.error.problem.status === 422;
  if (query.error && !query.data)
    return (
      <>
        <Wrong error={query.error} {...(wrong ? {} : { again: () => void query.refetch() })} />
        {address.filters.size > 0 && <Clear address={address} />}
      </>
    );
  if (query.data === undefined) return <Skeleton rows={PAGE} />;
  if (query.data.runs.length === 0)
    return address.filters.size === 0 && address.cursor === null ? (
      <Nothing title={words.nothingYet}>{here.nothingYet}</Nothing>
    ) : (
      <NothingMatches>
        <Clear address={address} />
      </NothingMatches>
    );
  return (
    <>
      <Fresh page={query.data} onShow={show} />
      <RunTable
        runs={query.data.runs}
        states={address.filters.getAll("status")}
        picked={may ? picked : null}
        pick={(change) => {
          pick(change);
          // What was frozen is not what is picked now.
          if (address.get("selection") !== null) address.go(withoutSelection, true);
        }}
      />
      <Pager address={address} next={query.data.next} />
      <BulkBar address={address} picked={picked} pick={pick} />
    </>
  );
}

/** What is new waits until it is asked for: rows never jump under who reads them. */
function Fresh({ page, onShow }: { page: Shown; onShow: () => void }) {
  const here = useWords(RUNS);
  const { count, more } = newcomers(page);
  return (
    <div className="fresh" role="status">
      {count > 0 && (
        <button type="button" className="button main" onClick={onShow}>
          {here.fresh(count, more)}
        </button>
      )}
    </div>
  );
}

function Pager({ address, next }: { address: Address; next: string | null }) {
  const words = useWords();
  const here = useWords(RUNS);
  return (
    <nav className="pager" aria-label={here.runs}>
      {address.cursor !== null && (
        <>
          <button
            type="button"
            className="button"
            onClick={() => address.go((search) => withOwn(search, { cursor: null }))}
          >
            {words.newest}
          </button>
          <button type="button" className="button" onClick={() => address.go(newer)}>
            {here.newer}
          </button>
        </>
      )}
      {next !== null && (
        <button type="button" className="button" onClick={() => address.go((search) => older(search, next))}>
          {words.older}
        </button>
      )}
    </nav>
  );
}

function Clear({ address }: { address: Address }) {
  const words = useWords();
  return (
    <p className="way-out">
      <button type="button" className="button" onClick={() => address.go(unfiltered)}>
        {words.clear}
      </button>
    </p>
  );
}
