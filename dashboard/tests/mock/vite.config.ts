/** `npm run mock`: the built dashboard under its real Content-Security-Policy, before an API kept in memory. */
import { defineConfig } from "vite";
import { MockApi } from "./api.ts";
import { seed } from "./seed.ts";

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export default defineConfig({
  preview: { port: 8099, strictPort: true, host: "127.0.0.1", headers: { "Content-Security-Policy": CSP } },
  plugins: [
    {
      name: "handrail-mock-api",
      configurePreviewServer(server) {
        const api = new MockApi();
        seed(api);
        server.middlewares.use((request, response, next) => {
          if (/^\/(api|auth|mock)\//.test(request.url ?? "")) void api.handle(request, response);
          else next();
        });
      },
    },
  ],
});
