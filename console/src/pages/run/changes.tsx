/** Differences as a table: before and after, with what of a longer text is not alike told apart. */

import { useWords } from "../../appearance";
import { type Difference, parted, valueText } from "./differences";
import { RUN } from "./words";

export function Changes({ differences, other }: { differences: readonly Difference[]; other: string }) {
  const words = useWords(RUN);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <div className="scroll" tabIndex={0}>
      <table className="rows changes">
        <thead>
          <tr>
            <th>{words.field}</th>
            <th>{other}</th>
            <th>{words.thisRun}</th>
          </tr>
        </thead>
        <tbody>
          {differences.map((each) => (
            <Change key={each.field} difference={each} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Change({ difference: { field, before, after } }: { difference: Difference }) {
  const [left, right] = [valueText(before), valueText(after)];
  const { head, before: gone, after: come, tail } = parted(left ?? "", right ?? "");
  return (
    <tr>
      <th scope="row" className="mono">
        {field}
      </th>
      <Side value={left} head={head} own={gone} tail={tail} as="del" />
      <Side value={right} head={head} own={come} tail={tail} as="ins" />
    </tr>
  );
}

function Side({
  value,
  head,
  own,
  tail,
  as: Tag,
}: {
  value: string | null;
  head: string;
  own: string;
  tail: string;
  as: "del" | "ins";
}) {
  const words = useWords(RUN);
  if (value === null) return <td className="faint">{words.none}</td>;
  return (
    <td className="mono">
      {head}
      {own && <Tag>{own}</Tag>}
      {tail}
    </td>
  );
}
