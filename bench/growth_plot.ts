/** Plots the figures of `deno task bench:growth`. */

import * as echarts from "echarts";
import type { Growth, Series } from "./growth_report.ts";

interface Panel {
  readonly part: keyof Growth;
  readonly title: string;
  /** The works of its series. */
  readonly works: RegExp;
}

const panels: Panel[] = [
  { part: "workflows", title: "enqueue, per second", works: /^enqueue/ },
  { part: "workflows", title: "results and polls, ms", works: /^(result|poll)/ },
  { part: "workflows", title: "lists, ms", works: /^list/ },
  { part: "scans", title: "without an index, ms", works: /^/ },
  { part: "waiters", title: "statements per second", works: /^statements/ },
  { part: "waiters", title: "CPU, %", works: /CPU/ },
  { part: "waiters", title: "result latency, ms", works: /^result latency/ },
];

const columns = 4;
const panelWidth = 340;
const panelHeight = 400;
const colors = { official: "#d95f02", ours: "#1b6ca8" };
const symbols = ["circle", "rect", "triangle", "diamond", "emptyCircle"];

/** Formats a power of ten, such as 10M. */
function formatAxis(value: number): string {
  return value.toLocaleString("en-US", { notation: "compact" });
}

/** Draws one panel for each figure, with logarithmic axes, as an SVG image. */
export function plotGrowth(growth: Partial<Growth>): string {
  const shown = panels.filter(({ part }) => growth[part]);
  const grid: echarts.GridComponentOption[] = [];
  const title: echarts.TitleComponentOption[] = [];
  const xAxis: echarts.XAXisComponentOption[] = [];
  const yAxis: echarts.YAXisComponentOption[] = [];
  const legend: echarts.LegendComponentOption[] = [];
  const series: echarts.LineSeriesOption[] = [];
  for (const [index, panel] of shown.entries()) {
    const { sizes, series: all } = growth[panel.part]!;
    const left = index % columns * panelWidth;
    const top = Math.floor(index / columns) * panelHeight;
    grid.push({ left: left + 60, top: top + 40, width: panelWidth - 90, height: 200 });
    title.push({ text: panel.title, left: left + 60, top: top + 10, textStyle: { fontSize: 14 } });
    xAxis.push({
      type: "log",
      gridIndex: index,
      name: panel.part === "waiters" ? "waits" : "workflows",
      nameLocation: "middle",
      nameGap: 26,
      min: sizes[0]!,
      max: sizes.at(-1)!,
      axisLabel: { formatter: formatAxis },
    });
    yAxis.push({ type: "log", gridIndex: index, axisLabel: { formatter: formatAxis } });
    const included = all.filter(({ work }) => panel.works.test(work));
    const works = [...new Set(included.map(({ work }) => work))];
    const nameOf = ({ work, client }: Series) => `${work}, ${client}`;
    legend.push({
      orient: "vertical",
      left: left + 40,
      top: top + 290,
      itemGap: 3,
      textStyle: { fontSize: 10 },
      data: included.map(nameOf),
    });
    for (const one of included) {
      series.push({
        type: "line",
        name: nameOf(one),
        xAxisIndex: index,
        yAxisIndex: index,
        color: colors[one.client],
        symbol: symbols[works.indexOf(one.work)]!,
        symbolSize: 7,
        lineStyle: { type: one.client === "ours" ? "solid" : "dashed" },
        // A logarithmic axis has no zero.
        data: one.figures.flatMap((figure, at) => figure ? [[sizes[at]!, figure]] : []),
      });
    }
  }
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: columns * panelWidth,
    height: Math.ceil(shown.length / columns) * panelHeight,
  });
  chart.setOption({
    animation: false,
    backgroundColor: "#fff",
    ...{ grid, title, xAxis, yAxis, legend, series },
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
