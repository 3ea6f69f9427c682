// The programs of the graphics card, with torchvision's arithmetic for 8-bit pictures: pixels are whole levels from 0
// to 255, rounded down after each adjustment of colour and to the nearest level after each side of a resampling.
//
// A texture holds all pictures of a stage in cells of one size, the picture's first row first. One call draws all.

export const MAX_TILES = 16
export const MAX_STEPS = 10 // colour steps of a picture in one pass: as many as can travel from a vertex to its pixels
export const BLOCK = 16 // a mean is summed up in 16 × 16 parts first

const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
uniform sampler2D u_from;
in vec2 v_at;
flat in int v_tile;
flat in vec4 v_read;
out vec4 o_color;
// By its place and not by its number: where there is no graphics card, texelFetch takes twice as long.
vec3 level(vec2 at) { return texture(u_from, v_read.xy + v_read.zw * at).rgb * 255.0; }
vec3 whole(vec2 at) { return floor(level(at) + 0.5); }
`

// A level with 16 more bits, in a colour of 8 bits a channel: no extension is needed to draw it.
const PACK = `
vec4 pack(float value) {
  float high = floor(value), middle = fract(value) * 255.0;
  return vec4(high, floor(middle), floor(fract(middle) * 255.0 + 0.5), 255.0) / 255.0;
}
float unpack(vec4 color) {
  vec3 parts = floor(color.rgb * 255.0 + 0.5);
  return parts.r + (parts.g + parts.b / 255.0) / 255.0;
}
`

// What a pixel goes through: a letter for each step. Pictures of one shape are drawn by one program without a branch,
// since a browser without a graphics card computes both sides of each.
//   A: x ← keep·x + constant; a contrast's mean grey is part of the constant
//   B: x ← keep·x + grey·(the pixel's grey)
//   H: turn the hue   P: permute the channels   S: solarize   Q: posterize
const STEPS = {
  A: i => `x = floor(clamp(x * v_step[${i}].x + v_step[${i}].y, 0.0, 255.0));`,
  B: i => `x = floor(clamp(x * v_step[${i}].x + v_step[${i}].z * greyOf(x), 0.0, 255.0));`,
  H: i => `x = turned(x, v_step[${i}].x);`,
  P: i => `x = vec3(dot(x, vec3(equal(at3, v_step[${i}].xxx))), dot(x, vec3(equal(at3, v_step[${i}].yyy))), dot(x, vec3(equal(at3, v_step[${i}].zzz))));`,
  S: i => `x = mix(x, 255.0 - x, step(v_step[${i}].x, x));`,
  Q: i => `x = floor(x / v_step[${i}].x) * v_step[${i}].x;`,
}

const stepped = shape => `
${shape.length ? `flat in vec4 v_step[${shape.length}];` : ""}
const vec3 at3 = vec3(0.0, 1.0, 2.0);
float greyOf(vec3 x) { return floor(x.r * 0.2989 + x.g * 0.587 + x.b * 0.114); }
vec3 turned(vec3 x, float turn) {
  vec3 c = x / 255.0;
  float value = max(c.r, max(c.g, c.b));
  float chroma = value - min(c.r, min(c.g, c.b));
  vec3 d = (value - c) / (chroma > 0.0 ? chroma : 1.0);
  float hue = c.r == value ? d.b - d.g : c.g == value ? 2.0 + d.r - d.b : 4.0 + d.g - d.r;
  vec3 k = fract(vec3(5.0, 3.0, 1.0) / 6.0 + (hue / 6.0 + 1.0 + turn)) * 6.0;
  return floor((value - chroma * clamp(min(k, 4.0 - k), 0.0, 1.0)) * 255.999);
}
vec3 stepped(vec3 x) {
  ${[...shape].map((letter, i) => STEPS[letter](i)).join("\n  ")}
  return x;
}
`

// A vertex carries the steps of its picture: u_steps has a row for each picture, u_means a column, a row per step.
const carried = count => ({
  declared: `${PACK}
uniform highp sampler2D u_steps;
uniform highp sampler2D u_means;
flat out vec4 v_step[${count}];`,
  load: `for (int i = 0; i < ${count}; i++) {
    vec4 values = texelFetch(u_steps, ivec2(i, v_tile), 0);
    if (values.w != 0.0) values.y += values.w * unpack(texelFetch(u_means, ivec2(v_tile, i), 0));
    v_step[i] = values;
  }`,
})

export const vertex = shape => {
  const { declared, load } = shape.length ? carried(shape.length) : { declared: "", load: "" }
  return `#version 300 es
precision highp float;
precision highp int;
uniform vec4 u_rect[${MAX_TILES}]; // the part of each picture that is drawn: left, top, right, bottom, px
uniform vec2 u_cell[${MAX_TILES}]; // where its cell begins in the target, px
uniform vec3 u_target;             // the target's width and height, px; -1 where its first row is the lowest
uniform highp sampler2D u_from;
uniform ivec4 u_layout;            // where it is read: width and height of a cell, columns (0: one picture for all)
uniform vec2 u_flip[${MAX_TILES}]; // 1 where left and right (top and bottom) change places
out vec2 v_at;
flat out int v_tile;
flat out vec4 v_read; // a pixel is read at v_read.xy + v_read.zw · place, in shares of the texture
${declared}
void main() {
  vec4 rect = u_rect[gl_InstanceID];
  v_at = mix(rect.xy, rect.zw, vec2(gl_VertexID & 1, gl_VertexID >> 1));
  v_tile = gl_InstanceID;
  vec2 flip = u_flip[gl_InstanceID];
  ivec2 place = u_layout.z == 0 ? ivec2(0) : ivec2(v_tile % u_layout.z, v_tile / u_layout.z);
  vec2 cell = vec2(u_layout.xy);
  v_read = vec4(vec2(place) * cell + flip * (cell - 1.0) + 0.5, 1.0 - 2.0 * flip) / vec4(textureSize(u_from, 0).xyxy);
  vec2 at = (u_cell[gl_InstanceID] + v_at) / u_target.xy * 2.0 - 1.0;
  gl_Position = vec4(at.x, at.y * u_target.z, 0.0, 1.0);
  ${load}
}`
}

// Adjusts colours, pixel by pixel.
export const colour = shape => `${HEAD}${stepped(shape)}
void main() {
  o_color = vec4(stepped(whole(floor(v_at))) / 255.0, 1.0);
}`

// The mean grey of pictures after their first steps: 16 × 16 partial means of every u_stride-th pixel, then their mean.
export const parts = shape => `${HEAD}${PACK}${stepped(shape)}
uniform ivec3 u_size; // width, height, stride
void main() {
  ivec2 first = ivec2(v_at) * u_size.z;
  int pace = ${BLOCK} * u_size.z;
  float sum = 0.0, seen = 0.0;
  for (int y = first.y; y < u_size.y; y += pace)
    for (int x = first.x; x < u_size.x; x += pace) {
      sum += greyOf(stepped(whole(vec2(x, y))));
      seen++;
    }
  o_color = pack(sum / max(seen, 1.0));
}`

export const MEAN = `${HEAD}${PACK}
uniform ivec3 u_size;
void main() {
  ivec2 points = (u_size.xy + u_size.z - 1) / u_size.z;
  float sum = 0.0, seen = 0.0;
  for (int y = 0; y < ${BLOCK}; y++)
    for (int x = 0; x < ${BLOCK}; x++) {
      ivec2 count = (points - ivec2(x, y) + ${BLOCK - 1}) / ${BLOCK};
      float weight = float(max(count.x, 0) * max(count.y, 0));
      sum += weight * unpack(texture(u_from, v_read.xy + v_read.zw * vec2(x, y)));
      seen += weight;
    }
  o_color = pack(sum / seen);
}`

// One side of a resampling with torchvision's antialiased bilinear filter: a triangle as wide as two input pixels, or
// two output pixels where the picture shrinks, cut off at the edges of the part and normalised.
const side = along => `${HEAD}
uniform vec4 u_box[${MAX_TILES}]; // left, top, width, height, px
uniform vec2 u_size;              // of the result, px
void main() {
  vec4 box = u_box[v_tile];
  float scale = box.${along === "x" ? "z" : "w"} / u_size.${along};
  float reach = max(scale, 1.0);
  float centre = (floor(v_at.${along}) + 0.5) * scale - 0.5;
  float first = max(ceil(centre - reach), 0.0);
  float last = min(floor(centre + reach), box.${along === "x" ? "z" : "w"} - 1.0);
  vec2 at = floor(${along === "x" ? "vec2(box.x + first, v_at.y)" : "vec2(v_at.x, box.y + first)"});
  vec3 sum = vec3(0.0);
  float total = 0.0;
  for (float i = first; i <= last; i++) {
    float weight = reach - abs(i - centre);
    sum += weight * level(at);
    total += weight;
    at.${along}++;
  }
  o_color = vec4(floor(sum / total + 0.5) / 255.0, 1.0);
}`
export const ACROSS = side("x")
export const DOWN = side("y")

// Both sides at once where the filter reaches less than three pixels: two neighbours along each side are one look-up
// between them, so four pixels are. The shape says how many pairs there are across and down, "2,1" for example.
const MAX_PAIRS = 3
export function pairsOf([, , width, height], size) {
  const pairs = (length, result) => Math.ceil(Math.ceil(2 * Math.max(length / result, 1) - 1e-6) / 2)
  const counts = [pairs(width, size.width), pairs(height, size.height)]
  return Math.max(...counts) > MAX_PAIRS ? null : counts.join()
}

const pair = (axis, number) => `
  float i${axis}${number} = first.${axis} + ${2 * number}.0;
  vec2 w${axis}${number} = max(vec2(0.0), reach.${axis} - abs(vec2(i${axis}${number}, i${axis}${number} + 1.0) - centre.${axis}))
    * step(vec2(i${axis}${number}, i${axis}${number} + 1.0), last.${axis === "x" ? "xx" : "yy"});
  float s${axis}${number} = w${axis}${number}.x + w${axis}${number}.y;
  float p${axis}${number} = box.${axis} + i${axis}${number} + w${axis}${number}.y / max(s${axis}${number}, 1e-6);`

export const both = shape => {
  const [across, down] = shape.split(",").map(count => Array.from({ length: Number(count) }, (_, number) => number))
  const row = y => across.map(x => `sx${x} * level(vec2(px${x}, py${y}))`).join(" + ")
  return `${HEAD}
uniform vec4 u_box[${MAX_TILES}]; // left, top, width, height, px
uniform vec2 u_size;              // of the result, px
void main() {
  vec4 box = u_box[v_tile];
  vec2 scale = box.zw / u_size;
  vec2 reach = max(scale, 1.0);
  vec2 centre = (floor(v_at) + 0.5) * scale - 0.5;
  vec2 first = max(floor(centre - reach) + 1.0, 0.0);
  vec2 last = box.zw - 1.0;
${[...across.map(x => pair("x", x)), ...down.map(y => pair("y", y))].join("")}
  vec3 sum = ${down.map(y => `sy${y} * (${row(y)})`).join(" + ")};
  float total = (${across.map(x => `sx${x}`).join(" + ")}) * (${down.map(y => `sy${y}`).join(" + ")});
  o_color = vec4(floor(sum / total + 0.5) / 255.0, 1.0);
}`
}

// A picture as it is: the exact ones of the server, or a chain that changes nothing.
export const COPY = `${HEAD}
void main() {
  o_color = vec4(whole(floor(v_at)) / 255.0, 1.0);
}`

// Where each pixel of the result comes from: a projective map. Outside the picture lies a grey; where neighbours are
// mixed it is mixed in as torchvision does it, by the share of them that lie inside.
export const WARP = `${HEAD}
uniform mat3 u_map[${MAX_TILES}]; // (column, row, 1) of a pixel's middle in the result → in the picture
uniform ivec3 u_size;             // the picture's width and height, px; the grey
vec4 taken(vec2 at) {
  vec2 inside = step(vec2(0.0), at) * step(at, vec2(u_size.xy) - 1.0);
  return vec4(whole(at), 1.0) * inside.x * inside.y;
}
void main() {
  vec3 at = u_map[v_tile] * vec3(floor(v_at) + 0.5, 1.0);
  vec2 place = at.xy / at.z - 0.5;
  vec2 corner = floor(place + 1e-4); // a place on a pixel stays on it, whatever the card's rounding
  vec2 part = max(place - corner, 0.0);
  vec4 upper = mix(taken(corner), taken(corner + vec2(1.0, 0.0)), part.x);
  vec4 lower = mix(taken(corner + vec2(0.0, 1.0)), taken(corner + 1.0), part.x);
  vec4 color = mix(upper, lower, part.y);
  float grey = float(u_size.z);
  o_color = vec4(floor((color.rgb - grey) * color.a + grey + 0.5) / 255.0, 1.0);
}`

// A grey rectangle over each picture.
export const HIDE = `${HEAD}
uniform vec4 u_box[${MAX_TILES}]; // left, top, width, height, px
uniform ivec3 u_size;             // the grey, twice nothing
void main() {
  vec2 at = floor(v_at);
  vec4 box = u_box[v_tile];
  bool hidden = all(greaterThanEqual(at, box.xy)) && all(lessThan(at, box.xy + box.zw));
  o_color = vec4((hidden ? vec3(u_size.x) : whole(at)) / 255.0, 1.0);
}`
