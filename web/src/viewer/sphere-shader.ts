// One triangle over the canvas: each pixel's ray, turned by pitch and yaw, is looked up in the equirectangular image.

import type { Coverage } from './coverage.js';

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D image;
uniform vec2 size;      // px
uniform vec3 view;      // yaw, pitch, vertical field of view; radians
uniform vec3 covered;   // width, top, bottom of the image; radians
out vec4 colour;
const float PI = 3.14159265358979;
void main() {
  vec2 plane = (gl_FragCoord.xy * 2.0 - size) / size.y * tan(view.z / 2.0);
  vec3 ray = normalize(vec3(plane, 1.0));
  float c = cos(view.y), s = sin(view.y);
  vec3 turned = vec3(ray.x, ray.y * c + ray.z * s, ray.z * c - ray.y * s);
  float yaw = atan(turned.x, turned.z) + view.x;
  yaw -= 2.0 * PI * floor((yaw + PI) / (2.0 * PI));
  float pitch = asin(clamp(turned.y, -1.0, 1.0));
  vec2 at = vec2(yaw / covered.x + 0.5, (covered.y - pitch) / (covered.y - covered.z));
  bool outside = any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(1.0)));
  colour = outside ? vec4(0.09, 0.11, 0.13, 1.0) : vec4(textureLod(image, at, 0.0).rgb, 1.0);
}`;

export interface SphereView {
  /** Clockwise from the image's centre column. */
  readonly yawDeg: number;
  /** Up is positive. */
  readonly pitchDeg: number;
  /** From the lower to the upper edge of the canvas. */
  readonly fovDeg: number;
}

const RAD = Math.PI / 180;

export class SphereDrawing {
  readonly #gl: WebGL2RenderingContext;
  readonly #place: (name: string) => WebGLUniformLocation | null;

  /** Undefined where the browser has no WebGL 2. */
  static on(canvas: HTMLCanvasElement): SphereDrawing | undefined {
    const gl = canvas.getContext('webgl2', { antialias: false, preserveDrawingBuffer: true });
    return gl ? new SphereDrawing(gl) : undefined;
  }

  private constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) continue;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.#place = (name) => gl.getUniformLocation(program, name);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  get largestPx(): number {
    return this.#gl.getParameter(this.#gl.MAX_TEXTURE_SIZE) as number;
  }

  setImage(image: ImageBitmap): void {
    const gl = this.#gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, image);
  }

  draw({ yawDeg, pitchDeg, fovDeg }: SphereView, { widthDeg, topDeg, bottomDeg }: Coverage): void {
    const gl = this.#gl;
    const { width, height } = gl.canvas;
    gl.viewport(0, 0, width, height);
    gl.uniform2f(this.#place('size'), width, height);
    gl.uniform3f(this.#place('view'), yawDeg * RAD, pitchDeg * RAD, fovDeg * RAD);
    gl.uniform3f(this.#place('covered'), widthDeg * RAD, topDeg * RAD, bottomDeg * RAD);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  free(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
