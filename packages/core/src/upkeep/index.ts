export { startUpkeep, type Upkeep, type UpkeepOptions } from "./upkeep.ts";
