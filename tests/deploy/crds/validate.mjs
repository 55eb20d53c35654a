// Validates the resources of the Prometheus Operator that are given on standard input as a list in JSON, and says what is wrong.
import { readFileSync } from "node:fs";
import * as v1 from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

for (const resource of JSON.parse(readFileSync(0, "utf-8"))) {
  new v1[resource.kind](resource).validate();
  console.log(`valid: ${resource.kind}/${resource.metadata.name}`);
}
