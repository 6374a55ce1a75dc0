/** What one looks for: a menu for each kind of filter, and each value with a way to take it away. */

import { useWords } from "../../appearance";
import { Menu } from "../../ui/menu";
import { STATES as STATE_WORDS } from "../../words/common";
import type { Address } from "./address";
import { InputChoice, JobChoice, type Part, PeriodChoice, QueueChoice, StatusChoice, TagChoice } from "./choices";
import { type Chip, chipsOf, filtersOf, isPeriod, withFilter, withFilters, withoutChip, withPeriod } from "./filters";
import { usePeriods } from "./period-words";
import { Views } from "./views-menu";
import { FILTERS } from "./words";

const CreatedChoice = (part: Part) => <PeriodChoice {...part} period="created" />;
const EndedChoice = (part: Part) => <PeriodChoice {...part} period="finished" />;

export function FilterBar({ address }: { address: Address }) {
  const words = useWords();
  const here = useWords(FILTERS);
  const menus = [
    [words.status, StatusChoice],
    [words.job, JobChoice],
    [words.queue, QueueChoice],
    [here.tag, TagChoice],
    [here.created, CreatedChoice],
    [here.finished, EndedChoice],
    [here.input, InputChoice],
  ] as const;
  return (
    <section className="filters" aria-label={here.filters}>
      <Text address={address} />
      {menus.map(([label, Choice]) => (
        <Menu key={label} label={label}>
          {(close) => <Choice address={address} close={close} />}
        </Menu>
      ))}
      <Views address={address} />
      <Chips address={address} />
    </section>
  );
}

function Text({ address }: { address: Address }) {
  const words = useWords();
  const here = useWords(FILTERS);
  const text = address.filters.get("q") ?? "";
  return (
    <form
      key={text}
      onSubmit={(event) => {
        event.preventDefault();
        const said = `${new FormData(event.currentTarget).get("q")}`.trim();
        address.go((search) => withFilter(search, "q", said ? [said] : []));
      }}
    >
      <input
        type="search"
        name="q"
        className="entry"
        maxLength={200}
        aria-label={words.search}
        placeholder={here.text}
        defaultValue={text}
      />
    </form>
  );
}

function Chips({ address }: { address: Address }) {
  const here = useWords(FILTERS);
  const periods = usePeriods(address.filters);
  const chips = chipsOf(address.filters);
  const tell = useTelling();
  if (chips.length === 0 && periods.length === 0) return null;
  return (
    <ul className="chips">
      {chips.map((chip) => (
        <Value
          key={`${chip.name}=${chip.value}`}
          {...tell(chip)}
          remove={() => address.go((search) => withoutChip(search, chip))}
        />
      ))}
      {periods.map(({ period, said }) => (
        <Value
          key={period}
          name={here[period]}
          value={said}
          remove={() => address.go((search) => withPeriod(search, period, null, null))}
        />
      ))}
      <li>
        <button type="button" className="link" onClick={() => address.go(unfiltered)}>
          {here.clearAll}
        </button>
      </li>
    </ul>
  );
}

function Value({ name, value, remove }: { name: string; value: string; remove: () => void }) {
  const here = useWords(FILTERS);
  return (
    <li className="filter-chip">
      <span className="faint">{name}</span>
      <span className="cut" title={value}>
        {value}
      </span>
      <button
        type="button"
        aria-label={here.without(name, value)}
        onClick={remove}
        onKeyDown={(event) => (event.key === "Delete" || event.key === "Backspace") && remove()}
      >
        ×
      </button>
    </li>
  );
}

/** Takes every filter out of an address. */
export function unfiltered(search: URLSearchParams): URLSearchParams {
  return withFilters(search, Object.fromEntries([...filtersOf(search).keys()].map((name) => [name, []])));
}

/** What a chip says. */
function useTelling(): (chip: Chip) => Chip {
  const words = useWords();
  const here = useWords(FILTERS);
  const states: Record<string, string> = useWords(STATE_WORDS);
  const names: Record<string, string> = {
    run: words.run,
    status: words.status,
    job: words.job,
    queue: words.queue,
    tag: here.tag,
    where: here.input,
    q: words.search,
    failure_group: here.failureGroup,
  };
  return ({ name, value }) => {
    if (name === "dead_letters" && value === "true") return { name: words.status, value: here.letters };
    if (name === "status") return { name: words.status, value: states[value] ?? value };
    const known = names[name] ?? (name === "dead_letters" || isPeriod(name) ? name : undefined);
    return known ? { name: known, value } : { name: here.unknown, value: `${name}=${value}` };
  };
}
