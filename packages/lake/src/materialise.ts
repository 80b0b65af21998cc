export type { DuckdbOptions } from "./materialise/duckdb-session.ts";
export {
  createFileWriter,
  type FileWriter,
  type TableBatch,
  type WrittenBatch,
  type WrittenFile,
} from "./materialise/file-writer.ts";
export {
  createMaterialiser,
  type Materialiser,
  type MaterialiserHealth,
  type MaterialiserOptions,
} from "./materialise/materialiser.ts";
export type { MaterialiseStep } from "./materialise/publish-range.ts";
export {
  createHistoryExporter,
  type HistoryExporter,
  type HistoryExporterOptions,
  type HistoryProgress,
  type HistoryStep,
} from "./materialise/history/history-exporter.ts";
