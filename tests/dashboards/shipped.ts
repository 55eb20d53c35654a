// What the shipped dashboards have to be: Grafana's own schema, with the options of each kind of panel that is used, and what its data
// source Prometheus reads of a query and of an annotation.
// https://github.com/grafana/grafana/blob/v11.6.0/packages/grafana-prometheus/src/annotations.ts
import type { AnnotationQuery, Dashboard, DataQuery, FieldConfigSource, Panel, RowPanel } from '@grafana/schema';
import type { Options as Bars } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.js';
import type { FieldConfig as HeatField, Options as Heat } from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.js';
import type { Options as Figure } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.js';
import type { FieldConfig as LineField, Options as Lines } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.js';

interface PanelQuery extends DataQuery {
  expr: string;
  format: 'time_series' | 'heatmap';
  legendFormat: string;
  range: boolean;
  instant: boolean;
  exemplar: boolean;
}

interface MarkQuery extends DataQuery {
  expr: string;
  interval: string;
  range: boolean;
}

interface Mark extends AnnotationQuery<MarkQuery> {
  expr: string;
  titleFormat: string;
  step: string;
  useValueForTime?: 'on';
}

type Of<Kind extends string, Options, Field = Record<string, never>> = Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Kind;
  title: string;
  description: string;
  targets: PanelQuery[];
  options: Partial<Options>;
  fieldConfig: FieldConfigSource<Partial<Field>>;
};

type Drawn = Of<'timeseries', Lines, LineField> | Of<'heatmap', Heat, HeatField> | Of<'stat', Figure> | Of<'bargauge', Bars> | (RowPanel & { type: 'row' });

// JSON has texts where TypeScript has members of an enum.
type Written<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Written<Item>[]
    : T extends object
      ? { [Key in keyof T]: Written<T[Key]> }
      : T;

export type Shipped = Written<Omit<Dashboard, 'annotations' | 'panels'> & { annotations: { list: Mark[] }; panels: Drawn[] }>;
