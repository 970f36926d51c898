// A shader program whose uniforms are found by name. It is linked beside the page until the first of them is asked for.

export class Program {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly places = new Map<string, WebGLUniformLocation | null>();

  constructor(gl: WebGL2RenderingContext, vertex: string, fragment: string) {
    this.gl = gl;
    this.program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(kind) as WebGLShader;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
      gl.deleteShader(shader); // it goes with the program
    }
    gl.linkProgram(this.program);
  }

  use(): void {
    this.gl.useProgram(this.program);
  }

  remove(): void {
    this.gl.deleteProgram(this.program);
  }

  /** Where a uniform is. */
  at(name: string): WebGLUniformLocation | null {
    const { gl, program, places } = this;
    let found = places.get(name);
    if (found === undefined) {
      if (places.size === 0 && !gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
        throw new Error(`a shader is faulty: ${gl.getProgramInfoLog(program)}`);
      }
      found = gl.getUniformLocation(program, name);
      places.set(name, found);
    }
    return found;
  }
}
