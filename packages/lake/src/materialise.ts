export {
  createFileWriter,
  type FileWriter,
  type TableBatch,
  type WrittenBatch,
  type WrittenFile,
} from "./materialise/file-writer.ts";
