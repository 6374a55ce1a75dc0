/** The runs that a run waited for, and those that wait for it: drawn, and as lists. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Run, type RunDetail, type State } from "../../api/client";
import { useWords } from "../../appearance";
import { Found, Nothing } from "../../ui/states";
import { SIGNS, Status } from "../../ui/status";
import { RUN } from "./words";

const MOST = 12;
const BOX = { width: 240, height: 34, gap: 10, lane: 120 };

interface Node {
  id: string;
  job: string;
  state: State | null;
}

export function GraphTab({ run }: { run: RunDetail }) {
  const words = useWords(RUN);
  const query = useRelatives(run);
  return (
    <Found query={query}>
      {({ parents, children, more }) =>
        parents.length + children.length === 0 ? (
          <Nothing title={words.noRelatives} />
        ) : (
          <>
            <Drawing run={nodeOf(run)} parents={parents.slice(0, MOST)} waiting={children.slice(0, MOST)} />
            <Relatives
              title={words.parents}
              nodes={parents}
              more={(run.depends_on ? count(run) : 0) - parents.length}
            />
            <Relatives title={words.children} nodes={children} more={more ? 1 : 0} />
          </>
        )
      }
    </Found>
  );
}

function count(run: RunDetail): number {
  return Object.values(run.depends_on?.counts ?? {}).reduce((sum, each) => sum + each, 0);
}

/** Parents are told by their ids: what they are runs of is asked for. */
function useRelatives(run: RunDetail) {
  const named = run.depends_on?.parents ?? [];
  return useQuery({
    queryKey: ["run", run.run_id, "relatives", named.map(({ run_id, status }) => `${run_id} ${status}`)],
    queryFn: async () => {
      const ids = named.map(({ run_id }) => run_id);
      const known = ids.length
        ? (await body(api.GET("/runs", { params: { query: { run: ids, limit: ids.length } } }))).items
        : [];
      const children = await body(
        api.GET("/runs/{run_id}/children", { params: { path: { run_id: run.run_id }, query: { limit: 100 } } }),
      );
      const jobs = new Map(known.map((each) => [each.run_id, each.job_id]));
      return {
        parents: named.map(({ run_id, status }) => ({ id: run_id, job: jobs.get(run_id) ?? run_id, state: status })),
        children: children.items.map(nodeOf),
        more: children.has_more,
      };
    },
  });
}

function nodeOf(run: Run): Node {
  return { id: run.run_id, job: run.job_id, state: run.status };
}

function Drawing({ run, parents, waiting }: { run: Node; parents: Node[]; waiting: Node[] }) {
  const words = useWords(RUN);
  const rows = Math.max(parents.length, waiting.length, 1);
  const height = rows * (BOX.height + BOX.gap) + BOX.gap;
  const columns = [parents, [run], waiting].filter((column) => column.length > 0);
  const width = columns.length * BOX.width + (columns.length - 1) * BOX.lane;
  const boxes = columns.map((column, place) =>
    column.map((node, row) => ({
      node,
      x: place * (BOX.width + BOX.lane),
      y: BOX.gap + (row + (rows - column.length) / 2) * (BOX.height + BOX.gap),
    })),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <div className="scroll" tabIndex={0}>
      <svg
        width={width + 2}
        height={height}
        viewBox={`-1 0 ${width + 2} ${height}`}
        className="graph"
        aria-label={words.graph}
      >
        {boxes
          .slice(1)
          .flatMap((column, place) =>
            column.flatMap((to) =>
              (boxes[place] ?? []).map((from) => (
                <path key={from.node.id + to.node.id} className="graph-edge" d={edge(from, to)} />
              )),
            ),
          )}
        {boxes.flat().map(({ node, x, y }) => (
          <Link
            key={node.id}
            href={`/runs/${node.id}`}
            className="graph-node"
            aria-current={node.id === run.id || undefined}
          >
            <rect x={x} y={y} width={BOX.width} height={BOX.height} rx={4} />
            <text x={x + 10} y={y + 21} className={`status-${node.state ?? "unknown"}`}>
              {node.state ? SIGNS[node.state] : "?"} {node.job.length > 28 ? `${node.job.slice(0, 27)}…` : node.job}
            </text>
          </Link>
        ))}
      </svg>
    </div>
  );
}

function edge(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const [x, y] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [endX, endY] = [to.x, to.y + BOX.height / 2];
  const bend = BOX.lane / 2;
  return `M${x} ${y} C${x + bend} ${y} ${endX - bend} ${endY} ${endX} ${endY}`;
}

function Relatives({ title, nodes, more }: { title: string; nodes: Node[]; more: number }) {
  const words = useWords(RUN);
  if (nodes.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <ul className="relatives">
        {nodes.map((node) => (
          <li key={node.id}>
            {node.state && <Status state={node.state} />} <Link href={`/runs/${node.id}`}>{node.job}</Link>{" "}
            <span className="faint mono">{node.id}</span>
          </li>
        ))}
        {more > 0 && <li className="faint">{words.more(more)}</li>}
      </ul>
    </>
  );
}
