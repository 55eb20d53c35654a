// What the shipped dashboards have to be: Grafana's own schema, and what its data source Prometheus reads of an annotation besides.
// https://github.com/grafana/grafana/blob/v11.6.0/packages/grafana-prometheus/src/annotations.ts
import type { AnnotationQuery, Dashboard, DataQuery } from '@grafana/schema';

interface PrometheusQuery extends DataQuery {
  expr: string;
  interval: string;
  range: boolean;
}

interface PrometheusAnnotation extends AnnotationQuery<PrometheusQuery> {
  expr: string;
  titleFormat: string;
  step: string;
  useValueForTime?: 'on';
}

// JSON has texts where TypeScript has members of an enum.
type Written<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Written<Item>[]
    : T extends object
      ? { [Key in keyof T]: Written<T[Key]> }
      : T;

export type Shipped = Written<Omit<Dashboard, 'annotations'> & { annotations: { list: PrometheusAnnotation[] } }>;
