// One route a file; this is the list.
import type { FastifyInstance } from 'fastify';
import type { HttpServices } from '../services/services.js';
import { basemapRoute } from './basemap.js';
import { healthzRoute } from './healthz.js';
import { locateRoute } from './locate.js';
import { locateSequenceRoute } from './locate-sequence.js';
import { metricsRoute } from './metrics.js';
import { openapiRoute } from './openapi.js';
import { pageRoute } from './page.js';
import { readyzRoute } from './readyz.js';
import { regionRoute } from './region.js';
import { regionsRoute } from './regions.js';
import { reloadRoute } from './reload.js';

export function registerRoutes(app: FastifyInstance, services: HttpServices): void {
  locateRoute(app, services);
  locateSequenceRoute(app, services);
  pageRoute(app, services);
  healthzRoute(app);
  readyzRoute(app, services);
  metricsRoute(app, services);
  regionsRoute(app, services);
  regionRoute(app, services);
  basemapRoute(app, services);
  openapiRoute(app);
  reloadRoute(app, services);
}
