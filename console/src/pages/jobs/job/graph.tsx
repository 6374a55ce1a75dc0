/** The jobs that hang together with one: drawn from left to right, and said line by line. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../../api/client";
import { useWords } from "../../../appearance";
import { Found } from "../../../ui/states";
import { Status } from "../../../ui/status";
import { JOB } from "../words";
import { layersOf } from "./layers";

const WIDTH = 168;
const HEIGHT = 30;
const GAP_X = 56;
const GAP_Y = 14;

export function Dependencies({ id }: { id: string }) {
  const words = useWords(JOB);
  const query = useQuery({
    queryKey: ["job", id, "graph"],
    queryFn: () => body(api.GET("/jobs/{job_id}/graph", { params: { path: { job_id: id } } })),
  });
  return (
    <Found query={query} rows={2}>
      {(graph) =>
        graph.edges.length === 0 ? <p className="faint">{words.noDependencies}</p> : <Graph graph={graph} />
      }
    </Found>
  );
}

function Graph({ graph }: { graph: Schemas["JobGraph"] }) {
  const words = useWords(JOB);
  const layers = layersOf(
    graph.nodes.map((node) => node.job_id),
    graph.edges,
  );
  const places = new Map(
    layers.flatMap((layer, column) =>
      layer.map((job, row) => [job, { x: column * (WIDTH + GAP_X), y: row * (HEIGHT + GAP_Y) }] as const),
    ),
  );
  const at = (job: string) => places.get(job) ?? { x: 0, y: 0 };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className="scroll" aria-label={words.dependencies} tabIndex={0}>
        <svg
          className="graph"
          aria-hidden="true"
          width={layers.length * (WIDTH + GAP_X) - GAP_X + 2}
          height={Math.max(...layers.map((layer) => layer.length)) * (HEIGHT + GAP_Y)}
        >
          {graph.edges.map(({ upstream, downstream, kind }) => {
            const [from, to] = [at(upstream), at(downstream)];
            const [x1, y1, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.y + HEIGHT / 2];
            return (
              <path
                key={`${upstream} ${downstream} ${kind}`}
                className={`edge-${kind}`}
                d={`M ${x1} ${y1} C ${x1 + GAP_X / 2} ${y1}, ${to.x - GAP_X / 2} ${y2}, ${to.x} ${y2}`}
              />
            );
          })}
          {graph.nodes.map(({ job_id, last_run }) => {
            const { x, y } = at(job_id);
            return (
              <g key={job_id} className={job_id === graph.job_id ? "node node-here" : "node"}>
                <rect x={x + 1} y={y + 1} width={WIDTH - 2} height={HEIGHT - 2} rx={4} />
                <rect
                  x={x + 1}
                  y={y + 1}
                  width={4}
                  height={HEIGHT - 2}
                  className={`last last-${last_run?.status ?? "none"}`}
                />
                <text x={x + 12} y={y + 19}>
                  {job_id.length > 22 ? `${job_id.slice(0, 21)}…` : job_id}
                </text>
              </g>
            );
          })}
        </svg>
      </section>
      <ul className="edges">
        {graph.edges.map(({ upstream, downstream, kind }) => (
          <li key={`${upstream} ${downstream} ${kind}`}>
            <JobLink id={downstream} graph={graph} /> {kind === "after" ? words.runsAfter : words.waitsFor}{" "}
            <JobLink id={upstream} graph={graph} />
          </li>
        ))}
      </ul>
      {!graph.whole && <p className="faint">{words.notWhole}</p>}
    </>
  );
}

function JobLink({ id, graph }: { id: string; graph: Schemas["JobGraph"] }) {
  const last = graph.nodes.find((node) => node.job_id === id)?.last_run;
  return (
    <>
      {id === graph.job_id ? <strong>{id}</strong> : <Link href={`/jobs/${id}`}>{id}</Link>}{" "}
      {last && <Status state={last.status} />}
    </>
  );
}
