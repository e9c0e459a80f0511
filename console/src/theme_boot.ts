// SPDX-License-Identifier: Apache-2.0
// Runs before the first paint, so that a page in the reader's chosen theme never flashes in the other one. It is a file
// of its own because the policy forbids inline scripts.
import { apply_kept_theme } from "./theme";

apply_kept_theme();
