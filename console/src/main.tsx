// SPDX-License-Identifier: Apache-2.0
import { render } from "preact";
import { App } from "./app";
import { start_router } from "./router";

start_router();
render(<App />, document.getElementById("app")!);
