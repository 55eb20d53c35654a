// Draws a dashboard of Grafana from the answers of a real Prometheus, as far as a picture needs it: lines, stacks, heatmaps, bars,
// single figures, thresholds and annotations. `troubles` says what could not be drawn; `drawn` is true at the end.
const COLOURS = ['#3274d9', '#ff780a', '#56a64b', '#a352cc', '#e02f44', '#e0b400', '#37872d', '#8ab8ff', '#ffb357', '#c0d8ff', '#96d98d', '#705da0'];
const NAMED = { green: '#56a64b', orange: '#ff780a', red: '#e02f44', blue: '#3274d9', purple: '#a352cc' };
const LAST_WEEK = /last week$/;
const UNIT_HEIGHT = 27, GAP = 6;
const troubles = [];
let drawn = false;

const written = (query, vars) => query.replace(/\$(\w+)/g, (_, name) => vars[name]);
const named = (format, labels) => format.replace(/\{\{(\w+)\}\}/g, (_, label) => labels[label] ?? '');

function shown(value, unit) {
  if (value === null || value === undefined) return '';
  if (!Number.isFinite(value)) { troubles.push(`not a number: ${value}`); return '?'; }
  const short = (number) => {
    const size = Math.abs(number);
    const [by, ending] = size >= 1e9 ? [1e9, ' G'] : size >= 1e6 ? [1e6, ' M'] : size >= 1e4 ? [1e3, ' k'] : [1, ''];
    return `${+(number / by).toPrecision(3)}${ending}`;
  };
  if (unit === 'percentunit') return `${+(value * 100).toPrecision(4)} %`;
  if (unit === 'bytes') { const power = Math.min(3, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10)); return `${+(value / 1024 ** power).toPrecision(3)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`; }
  if (unit === 's') {
    const size = Math.abs(value);
    if (size >= 172800) return `${+(value / 86400).toPrecision(3)} d`;
    if (size >= 7200) return `${+(value / 3600).toPrecision(3)} h`;
    if (size >= 120) return `${+(value / 60).toPrecision(3)} min`;
    if (size >= 1 || size === 0) return `${+value.toPrecision(3)} s`;
    return size >= 0.001 ? `${+(value * 1000).toPrecision(3)} ms` : `${+(value * 1e6).toPrecision(3)} µs`;
  }
  return short(value) + ({ reqps: '/s', cps: '/s' }[unit] ?? '');
}

async function ask(query, given) {
  const body = new URLSearchParams({ query: written(query, given.vars), start: given.start, end: given.end, step: given.step });
  const answer = await (await fetch(`${given.prometheus}/api/v1/query_range`, { method: 'POST', body })).json();
  if (answer.status !== 'success') throw new Error(answer.error);
  return answer.data.result;
}

const moments = (given) => Array.from({ length: Math.floor((given.end - given.start) / given.step) + 1 }, (_, n) => given.start + n * given.step);

function column(found, times) {
  const at = new Map(found.values.map(([time, value]) => [time, parseFloat(value)]));
  return times.map((time) => at.get(time) ?? null);
}

function colour(value, thresholds) {
  const passed = (thresholds?.steps ?? []).filter((step) => step.value === null || value >= step.value);
  return NAMED[passed.at(-1)?.color] ?? '#24292e';
}

function drawLines(panel, box, series, times, marks) {
  const { defaults } = panel.fieldConfig;
  const stacked = defaults.custom?.stacking?.mode === 'normal';
  const total = times.map(() => 0);
  const data = series.map((one) => one.column);
  if (stacked) for (const values of data) values.forEach((value, n) => { total[n] += value ?? 0; values[n] = total[n]; });
  const limits = defaults.custom?.thresholdsStyle ? defaults.thresholds.steps.filter((step) => step.value !== null) : [];
  const highest = Math.max(...data.flat().filter((value) => value !== null), 0), lowest = Math.min(defaults.custom?.axisSoftMin ?? 0, ...data.flat().filter((value) => value !== null));
  const top = defaults.max ?? (highest > 0 ? highest * 1.08 : 1);
  const line = (plot, x0, y0, x1, y1, style) => {
    Object.assign(plot.ctx, { strokeStyle: style, lineWidth: 1 }); plot.ctx.setLineDash([4, 3]);
    plot.ctx.beginPath(); plot.ctx.moveTo(x0, y0); plot.ctx.lineTo(x1, y1); plot.ctx.stroke(); plot.ctx.setLineDash([]);
  };
  const draw = (plot) => {
    const { left, top: above, width, height } = plot.bbox;
    for (const { value, color } of limits.filter((limit) => limit.value <= top)) line(plot, left, plot.valToPos(value, 'y', true), left + width, plot.valToPos(value, 'y', true), NAMED[color]);
    for (const mark of marks) { const x = plot.valToPos(mark.time, 'x', true); if (x >= left && x <= left + width) line(plot, x, above, x, above + height, mark.colour); }
  };
  const looks = series.map((one, n) => ({
    label: one.name, stroke: one.colour, width: 1.2, points: { show: false }, spanGaps: false,
    dash: LAST_WEEK.test(one.name) ? [6, 4] : undefined, fill: stacked && n === 0 ? `${one.colour}55` : undefined,
  }));
  const bands = stacked ? data.slice(1).map((_, n) => ({ series: [n + 2, n + 1], fill: `${series[n + 1].colour}55` })) : [];
  const plot = new uPlot({
    width: box.clientWidth - 14, height: box.clientHeight - 56, legend: { show: false }, cursor: { show: false }, bands, hooks: { draw: [draw] },
    scales: { y: { range: [lowest < 0 ? lowest * 1.08 : lowest, top] } }, series: [{}, ...looks],
    axes: [{ font: '10px sans-serif', size: 24, space: 60 }, { font: '10px sans-serif', size: 58, values: (_, ticks) => ticks.map((tick) => shown(tick, defaults.unit)) }],
  }, [times, ...data], box);
  plot.root.style.fontSize = '10px';
  const legend = box.appendChild(document.createElement('div'));
  legend.className = 'legend';
  for (const one of series) { const item = legend.appendChild(document.createElement('span')); item.innerHTML = `<i style="background:${one.colour}"></i>`; item.append(one.name); }
}

function drawHeat(panel, box, found, times) {
  const rows = found.map((one) => ({ le: parseFloat(one.metric.le.replace('+Inf', 'Infinity')), values: column(one, times) })).sort((a, b) => a.le - b.le);
  const counts = rows.map((row, n) => row.values.map((value, t) => Math.max(0, (value ?? 0) - (n ? rows[n - 1].values[t] ?? 0 : 0))));
  const most = Math.max(...counts.flat());
  const canvas = box.appendChild(document.createElement('canvas'));
  [canvas.width, canvas.height] = [box.clientWidth - 14, box.clientHeight - 30];
  const pen = canvas.getContext('2d'), left = 54, below = 18, wide = (canvas.width - left) / times.length, high = (canvas.height - below) / rows.length;
  pen.font = '10px sans-serif';
  rows.forEach((row, n) => {
    const y = canvas.height - below - (n + 1) * high;
    counts[n].forEach((value, t) => { if (value > 0) { pen.fillStyle = `hsl(${36 - 24 * (value / most)} 95% ${92 - 52 * Math.sqrt(value / most)}%)`; pen.fillRect(left + t * wide, y, wide + 0.5, high - 0.5); } });
    pen.fillStyle = '#24292e';
    if (n % Math.ceil(rows.length / 8) === 0) pen.fillText(Number.isFinite(row.le) ? shown(row.le, panel.options.yAxis?.unit ?? 's') : 'more', 0, y + high - 1);
  });
  for (let part = 0; part < 4; part++) pen.fillText(new Date(times[Math.floor((part / 4) * times.length)] * 1000).toISOString().slice(5, 10), left + (part / 4) * (canvas.width - left), canvas.height - 4);
}

function drawBars(panel, box, series) {
  const { defaults } = panel.fieldConfig;
  const values = series.map((one) => one.column.findLast((value) => value !== null));
  const most = defaults.max ?? Math.max(...values);
  series.forEach((one, n) => {
    const bar = box.appendChild(document.createElement('div'));
    bar.className = 'bar';
    bar.innerHTML = `<b></b><div><div style="width:${Math.max(0, Math.min(1, values[n] / most)) * 100}%;background:${colour(values[n], defaults.thresholds)}"></div></div><em></em>`;
    bar.querySelector('b').textContent = one.name;
    bar.querySelector('em').textContent = shown(values[n], defaults.unit);
  });
}

function drawNumber(panel, box, series) {
  const { defaults } = panel.fieldConfig;
  const value = series[0].column.findLast((one) => one !== null);
  const text = box.appendChild(document.createElement('div'));
  text.className = 'stat';
  text.style.color = colour(value, defaults.thresholds);
  text.textContent = defaults.mappings?.[0]?.options?.[String(value)]?.text ?? (defaults.decimals === 0 && value < 1e4 ? String(Math.round(value)) : shown(value, defaults.unit));
}

async function drawPanel(panel, box, given, marks) {
  const times = moments(given);
  const answers = await Promise.all(panel.targets.map((target) => ask(target.expr, given)));
  if (answers.flat().length === 0) throw new Error('no data');
  const series = panel.targets.flatMap((target, n) => answers[n].map((found) => ({ name: named(target.legendFormat, found.metric), column: column(found, times) })));
  series.forEach((one, n) => { one.colour = LAST_WEEK.test(one.name) ? '#8e8e8e' : COLOURS[n % COLOURS.length]; });
  if (series.some((one) => one.column.some((value) => Number.isNaN(value)))) troubles.push(`${panel.title}: not a number`);
  if (panel.type === 'heatmap') drawHeat(panel, box, answers[0], times);
  else if (panel.type === 'bargauge') drawBars(panel, box, series);
  else if (panel.type === 'stat') drawNumber(panel, box, series);
  else drawLines(panel, box, series, times, marks);
}

async function marked(annotation, given) {
  const found = await ask(annotation.expr, given);
  return found.flatMap((one) => one.values.map(([time, value]) => ({ time: annotation.useValueForTime ? parseFloat(value) / 1000 : time, colour: NAMED[annotation.iconColor] })));
}

async function main() {
  const given = await (await fetch(`/given${location.search}`)).json();
  const { board } = given, area = document.getElementById('board'), wide = document.body.clientWidth - 2 * GAP;
  document.querySelector('h1').textContent = board.title;
  document.querySelector('header p').textContent = board.description;
  const marks = (await Promise.all(board.annotations.list.map((one) => marked(one, given)))).flat();
  let bottom = 0;
  for (const panel of board.panels) {
    const { x, y, w, h } = panel.gridPos, box = area.appendChild(document.createElement('div'));
    box.className = panel.type === 'row' ? 'row' : 'panel';
    Object.assign(box.style, { left: `${GAP + (x / 24) * wide}px`, top: `${y * UNIT_HEIGHT}px`, width: `${(w / 24) * wide - GAP}px`, height: `${h * UNIT_HEIGHT - GAP}px` });
    bottom = Math.max(bottom, (y + h) * UNIT_HEIGHT);
    box.appendChild(document.createElement('h3')).textContent = panel.title;
    if (panel.type !== 'row') await drawPanel(panel, box, given, marks).catch((error) => troubles.push(`${panel.title}: ${error.message}`));
  }
  area.style.height = `${bottom + GAP}px`;
  drawn = true;
}

main().catch((error) => { troubles.push(String(error)); drawn = true; });
