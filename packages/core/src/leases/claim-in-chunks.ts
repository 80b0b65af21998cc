import type { ClaimedJob, ClaimRequest, JobStore } from "@millrace/storage";

import { toJobJson } from "../jobs/job-json.ts";

/** How many jobs one statement of a claim takes: what one claim can hold beyond the bytes below is no more than these. */
export const chunkJobsMax = 100;

/** With so many bytes of jobs, as JSON, a claim asks for no more. */
export const claimBytesMax = 8 * 1024 * 1024;

/**
 * Claims up to `limit` jobs, in several statements where there are many, and leaves the rest to the next claim once those it has are large together. What was claimed
 * is answered also when a later statement fails: it is leased already. @throws UNAVAILABLE when the first one does
 */
export async function claimInChunks(
  claimJobs: JobStore["claimJobs"],
  request: ClaimRequest,
): Promise<readonly ClaimedJob[]> {
  const claimed: ClaimedJob[] = [];
  for (let bytes = 0; ;) {
    const limit = Math.min(chunkJobsMax, request.limit - claimed.length);
    const chunk = await nextChunk(claimJobs, { ...request, limit }, claimed.length === 0);
    if (chunk.length === request.limit) return chunk;
    claimed.push(...chunk);
    if (chunk.length < limit || claimed.length >= request.limit) return claimed;
    for (const { job } of chunk) bytes += Buffer.byteLength(JSON.stringify(toJobJson(job)));
    if (bytes >= claimBytesMax) return claimed;
  }
}

async function nextChunk(
  claimJobs: JobStore["claimJobs"],
  request: ClaimRequest,
  isFirst: boolean,
): Promise<readonly ClaimedJob[]> {
  try {
    return await claimJobs(request);
  } catch (error) {
    if (isFirst) throw error;
    return [];
  }
}
