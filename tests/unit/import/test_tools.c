/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the tags of modpoll, Neuron, Telegraf, Ignition and wb-mqtt-serial. */
#include "lists.h"

static const struct list_case modpolls[] = {
    {"addresses are sent as they are",
     "",
     "device,pump101,1,,\npoll,holding_register,99,10,BE_BE\nref,status_word,109,uint16,r,,\n"
     "ref,speed,100,int16,r,rpm,0.1\n",
     IMPORT_DONE,
     {"status_word: {at: holding 109, type: u16}",
      "speed: {at: holding 100, type: s16, scale: 0.1, unit: rpm}",
      "pump101: {map: pump101, line: LINE, unit: 1, area: imported}"},
     {"status_word: outside of its poll"}},
    {"40000 is sent as 40000, and hexadecimal is taken",
     "",
     "device,d,0x10\npoll,input_register,40000,4,BE_LE\nref,a,40000,float32,r\nref,b,0x9C42,int32,"
     "r\n",
     IMPORT_DONE,
     {"order: {s32: CDAB, f32: CDAB}", "a: {at: input 40000", "b: {at: input 40002"},
     {NULL}},
    {"bytes and words",
     "",
     "device,d,1\npoll,holding_register,0,40,LE_BE\nref,a,0,uint16,r\nref,b,2,uint32,r\n"
     "poll,holding_register,0,40,LE_LE\nref,c,4,uint64,r\n",
     IMPORT_DONE,
     {"order: {u16: BA, u32: BADC, u64: HGFEDCBA}"},
     {NULL}},
    {"an unknown order is not guessed",
     "",
     "device,d,1\npoll,holding_register,0,40,ABCD\nref,a,0,uint32,r\n",
     IMPORT_NOTHING,
     {NULL},
     {"skipped: a: its poll (row 2) has no order that is known: `ABCD`"}},
    {"bool8 in coils is eight of them",
     "",
     "device,d,1\npoll,coil,16,16,BE_BE\nref,c,17,bool8,r\n",
     IMPORT_DONE,
     {"c_0: {at: coil 24}", "c_7: {at: coil 31}"},
     {"8 tags"}},
    {"bool16 in registers begins with the high byte",
     "",
     "device,d,1\npoll,holding_register,0,4,BE_BE\nref,r,1,bool16,r\n",
     IMPORT_DONE,
     {"bits: {8: b0, 9: b1", "0: b8"},
     {"begins with the high byte"}},
    {"a bad scale is no missing scale",
     "",
     "device,d,1\npoll,holding_register,0,4,BE_BE\nref,r,1,int16,r,V,ten\nref,w,1,int16,w\n"
     "ref,s,2,string10,r\n",
     IMPORT_NOTHING,
     {NULL},
     {"r: scale `ten`", "w: write only", "s: modpoll itself reads one letter"}},
    {"two devices are two maps",
     "",
     "device,a,1\npoll,coil,0,8,BE_BE\nref,x,0,bool8,rw\ndevice,b,2\npoll,input_register,0,8,BE_"
     "BE\n"
     "ref,x,0,int16,r\n",
     IMPORT_DONE,
     {"a: {map: a, line: LINE, unit: 1", "b: {map: b, line: LINE, unit: 2"},
     {NULL}},
    {"what stands beside a ref is not taken for it",
     "",
     "hello,1\nref,a,1,int16\n",
     IMPORT_NOTHING,
     {NULL},
     {"neither device, poll nor ref: hello", "a: no device above it"}},
    {"logs are no lists", "", "[40001]: 123\n", IMPORT_NOTHING, {NULL}, {"no tag lists"}},
};

#define NEURON                                                                                     \
    "group,interval,name,address,attribute,type,description,precision,decimal,bias,unit\n"

static const struct list_case neurons[] = {
    {"decimal is a factor and bias is added",
     "base=1",
     NEURON "g,1000,a,1!400001,Read,INT16,An a,2,0.1,-40,\302\260C\n",
     IMPORT_DONE,
     {"a: {at: holding 0, doc: 400001, type: s16, scale: 0.1, offset: -40, unit: Cel, every: 1s, "
      "about: An a}"},
     {NULL}},
    {"the base is the device's",
     "",
     NEURON "g,1000,a,1!400001,Read,INT16\n",
     IMPORT_ASKS,
     {NULL},
     {"--base 1           holding 0, s16", "--base 0           holding 1, s16"}},
    {"address 0 of a list from 1 is refused",
     "base=1",
     NEURON "g,1000,a,1!400000,Read,INT16\n",
     IMPORT_NOTHING,
     {NULL},
     {"address 0"}},
    {"address 65536 of a list from 0 is refused",
     "base=0",
     NEURON "g,1000,a,1!465536,Read,INT16\n",
     IMPORT_NOTHING,
     {NULL},
     {"beyond address 65535"}},
    {"bits, and texts of four kinds",
     "base=1",
     NEURON "g,1000,a,1!400001.3,Read,BIT\ng,1,h,1!400010.20H,Read,STRING\ng,1,l,1!400030.5L,Read,"
            "STRING\ng,1,e,1!400040.6E,Read,STRING\n",
     IMPORT_DONE,
     {"type: u16, bit: 3", "len: 10, order: AB", "len: 3, order: BA", "len: 6, chars: low"},
     {NULL}},
    {"its words for orders mean what one says",
     "base=1 order=ABCD",
     NEURON "g,1000,a,1!400001#LB,Read,FLOAT\n",
     IMPORT_ASKS,
     {NULL},
     {"what its own words for byte orders mean", "#LB"}},
    {"said so",
     "base=1 order=ABCD order=LB=CDAB",
     NEURON "g,1000,a,1!400001#LB,Read,FLOAT\ng,1000,b,1!400003,Read,FLOAT\n",
     IMPORT_DONE,
     {"a: {at: holding 0, doc: 400001, type: f32, order: CDAB", "order: ABCD"},
     {NULL}},
    {"units make maps",
     "base=1",
     NEURON "g,1000,a,1!400001,Read,UINT16\ng,1000,b,2!300001,Read Subscribe,UINT16\n",
     IMPORT_DONE,
     {"unit_1: {map: unit_1, line: LINE, unit: 1", "unit_2: {map: unit_2", "b: {at: input 0"},
     {NULL}},
    {"what is only written, bytes, bits of nothing",
     "base=1",
     NEURON "g,1,a,1!400001,Write,INT16\ng,1,b,1!400001,Read,BYTES\ng,1,c,1!400001,Read,BIT\n"
            "g,1,d,400001,Read,INT16\n",
     IMPORT_NOTHING,
     {NULL},
     {"a: write only", "b: type `BYTES`", "c: a bit of a register",
      "d: address `400001`: it begins with a unit"}},
    {"the same name in two groups",
     "base=1",
     NEURON "north,1,a,1!400001,Read,INT16\nsouth,1,a,1!400002,Read,INT16\n",
     IMPORT_DONE,
     {"  a: {at: holding 0", "  south.a: {at: holding 1"},
     {"1 renamed"}},
};

static const struct list_case telegrafs[] = {
    {"registers",
     "",
     "[[inputs.modbus]]\nname = \"d\"\nslave_id = 7\ninterval='5s'\ncontroller = "
     "\"tcp://10.0.0.5:502\"\n"
     "timeout = \"1s\"\nholding_registers = [ # many\n { name = \"pf\", byte_order = \"AB\", "
     "data_type = "
     "\"FIXED\", scale=0.01, address = [8]},\n { name = \"e\", byte_order = \"CDAB\", data_type = "
     "\"UFIXED\", scale=0.001, address = [5,6]},\n]\n",
     IMPORT_DONE,
     {"pf: {at: holding 8, type: s16, scale: 0.01, every: 5s}",
      "e: {at: holding 5, type: u32, scale: 0.001", "order: {u32: CDAB}",
      "d: {map: d, line: \"10.0.0.5_502\", unit: 7"},
     {NULL}},
    {"FLOAT32 is no float in the old style",
     "",
     "[[inputs.modbus]]\ncontroller = \"tcp://h:502\"\nholding_registers = [{name=\"a\", "
     "byte_order=\"ABCD\", data_type=\"FLOAT32\", scale=0.1, address=[0,1]}, {name=\"b\", "
     "byte_order=\"ABCD\", data_type=\"FLOAT32-IEEE\", scale=1.0, address=[2,3]}]\n",
     IMPORT_DONE,
     {"a: {at: holding 0, type: u32, scale: 0.1}", "b: {at: holding 2, type: f32}"},
     {"a: FLOAT32 in this style means whole numbers"}},
    {"FLOAT32 is a float in the new styles, and omit is told",
     "",
     "[[inputs.modbus]]\ncontroller = \"tcp://h:502\"\nconfiguration_type = \"request\"\n"
     "[[inputs.modbus.request]]\nslave_id = 3\nbyte_order = \"DCBA\"\nregister = \"input\"\nfields "
     "= [\n"
     "{address=0, name=\"v\", type=\"INT16\", scale=0.1},\n{address=3, name=\"p\", "
     "type=\"UINT32\", "
     "omit=true},\n{address=5, name=\"e\", type=\"FLOAT32\"},\n]\n",
     IMPORT_DONE,
     {"order: {s16: BA, f32: DCBA}", "v: {at: input 0, type: s16, scale: 0.1}",
      "e: {at: input 5, type: f32}"},
     {"list:10: skipped: p: omit = true"}},
    {"metrics",
     "",
     "[[inputs.modbus]]\ncontroller = \"file:///dev/ttyUSB0\"\nbaud_rate = 19200\nparity = \"E\"\n"
     "configuration_type = \"metric\"\n[[inputs.modbus.metric]]\nslave_id = 3\nmeasurement = "
     "\"m\"\n"
     "fields = [{register=\"coil\", address=0, name=\"c\"}, {address=9, name=\"s\", "
     "type=\"STRING\", "
     "length=4}]\n[inputs.modbus.metric.tags]\nplace = \"x\"\n",
     IMPORT_DONE,
     {"c: {at: coil 0}", "s: {at: holding 9, type: string, len: 4}",
      "connect: \"rtu:///dev/ttyUSB0\", baud: 19200, parity: even, stop: 1"},
     {NULL}},
    {"INT8 is a half of a register",
     "",
     "[[inputs.modbus]]\ncontroller = \"tcp://h:502\"\nholding_registers = [{name=\"a\", "
     "byte_order=\"AB\", data_type=\"INT8H\", scale=1.0, address=[0]}, {name=\"b\", "
     "byte_order=\"AB\", data_type=\"UINT8L\", scale=1.0, address=[1]}, {name=\"c\", "
     "byte_order=\"AB\", data_type=\"BIT\", bit=4, address=[2]}]\n",
     IMPORT_DONE,
     {"a: {at: holding 0, type: s8, byte: high}", "b: {at: holding 1, type: u8}",
      "c: {at: holding 2, type: u16, bit: 4}"},
     {NULL}},
    {"words from here and there",
     "",
     "[[inputs.modbus]]\ncontroller = \"tcp://h:502\"\nholding_registers = [{name=\"a\", "
     "byte_order=\"ABCD\", data_type=\"UINT32\", scale=1.0, address=[40,30]}, {name=\"b\", "
     "byte_order=\"BADC\", data_type=\"UINT32\", scale=1.0, address=[4,9]}]\n",
     IMPORT_DONE,
     {"a: {at: [holding 40, holding 30], type: u32}"},
     {"b: registers that do not follow"}},
    {"no such input", "", "[[inputs.cpu]]\n", IMPORT_NOTHING, {NULL}, {"no [[inputs.modbus]]"}},
};

static const struct list_case ignitions[] = {
    {"an address of each kind",
     "base=1 order=ABCD order=ABCDEFGH order=AB",
     "{\"tags\":[{\"name\":\"F\",\"tagType\":\"Folder\",\"tags\":[\n"
     "{\"name\":\"a\",\"tagType\":\"AtomicTag\",\"valueSource\":\"opc\",\"opcItemPath\":"
     "\"ns\\u003d1;s"
     "\\u003d[PLC1]1.HRF100\",\"engUnit\":\"RPM\"},\n"
     "{\"name\":\"b\",\"tagType\":\"AtomicTag\",\"valueSource\":\"opc\",\"dataType\":\"Int8\","
     "\"opcItemPath\":\"ns=1;s=[PLC1]1.HRUI_6410\"},\n"
     "{\"name\":\"c\",\"tagType\":\"AtomicTag\",\"opcItemPath\":\"[PLC1]1.HR5.3\"},\n"
     "{\"name\":\"d\",\"tagType\":\"AtomicTag\",\"opcItemPath\":\"[PLC1]1.HRS20:7\"}]}]}",
     IMPORT_DONE,
     {"# list:2\n  F.a: {at: holding 99, doc: 100, type: f32, unit: rpm}",
      "# list:3\n  F.b: {at: holding 9, doc: 10, type: u64}", "type: s16, bit: 3}",
      "type: string, len: 4"},
     {NULL}},
    {"parameters of types are put in",
     "base=1",
     "{\"tags\":[{\"name\":\"_types_\",\"tagType\":\"Folder\",\"tags\":[{\"name\":\"Motor\","
     "\"tagType\":"
     "\"UdtType\",\"parameters\":{\"Unit\":1,\"Base\":{\"value\":100}},\"tags\":[{\"name\":"
     "\"Speed\","
     "\"tagType\":\"AtomicTag\",\"valueSource\":\"opc\",\"opcItemPath\":{\"bindType\":"
     "\"parameter\","
     "\"binding\":\"[P]{Unit}.HR{Base+2}\"}}]}]},\n{\"name\":\"M3\",\"tagType\":\"UdtInstance\","
     "\"typeId\":\"Motor\",\"parameters\":{\"Unit\":3},\"tags\":[{\"name\":\"Speed\",\"engUnit\":"
     "\"%\"}"
     "]}]}",
     IMPORT_DONE,
     {"M3.Speed: {at: holding 101, doc: 102, type: s16, unit: \"%\"}",
      "P_3: {map: P_3, line: P, unit: 3"},
     {NULL}},
    {"what doesn't come from a Modbus device",
     "base=1",
     "{\"tags\":[{\"name\":\"a\",\"tagType\":\"AtomicTag\",\"valueSource\":\"memory\"},{\"name\":"
     "\"b\","
     "\"tagType\":\"AtomicTag\",\"opcItemPath\":\"[P]V2000\"},{\"name\":\"c\",\"tagType\":"
     "\"AtomicTag\","
     "\"opcItemPath\":\"[P]HR{X}\"},{\"name\":\"d\",\"tagType\":\"AtomicTag\",\"enabled\":false,"
     "\"opcItemPath\":\"[P]HR1\"},{\"name\":\"e\",\"tagType\":\"UdtInstance\",\"typeId\":\"Nope\"}]"
     "}",
     IMPORT_NOTHING,
     {NULL},
     {"a: its value does not come from a device", "b: item path `[P]V2000`",
      "c: its item path has a parameter", "d: disabled"}},
    {"scales and limits",
     "base=1",
     "{\"tags\":[{\"name\":\"a\",\"tagType\":\"AtomicTag\",\"opcItemPath\":\"[P]HR1\","
     "\"scaleMode\":"
     "\"Linear\",\"rawHigh\":27648,\"engLimitMode\":\"Both_Limits\",\"engHigh\":50},{\"name\":"
     "\"b\","
     "\"tagType\":\"AtomicTag\",\"opcItemPath\":\"[P]HR2\",\"scaleMode\":\"ExponentialFilter\"}]}",
     IMPORT_DONE,
     {"span: {raw: [0, 27648], eng: [0, 10]}, valid: [0, 50]"},
     {"b: scale mode `ExponentialFilter`"}},
    {"a type in itself ends",
     "base=1",
     "{\"tags\":[{\"name\":\"T\",\"tagType\":\"UdtType\",\"tags\":[{\"name\":\"i\",\"tagType\":"
     "\"UdtInstance\",\"typeId\":\"T\"}]},{\"name\":\"x\",\"tagType\":\"UdtInstance\",\"typeId\":"
     "\"T\"}]}",
     IMPORT_NOTHING,
     {NULL},
     {"more tags or levels"}},
    {"XML and CSV are refused", "", "<Tags/>", IMPORT_NOTHING, {NULL}, {"this is XML"}},
    {"broken JSON has a line",
     "",
     "{\n\"tags\": [,]}",
     IMPORT_NOTHING,
     {NULL},
     {"list:2: refused: no JSON"}},
};

static const struct list_case wirenboards[] = {
    {"a channel of each kind",
     "",
     "{ // a comment\n\"device\":{\"word_order\":\"little_endian\",\"channels\":[\n"
     "{\"name\":\"T\",\"reg_type\":\"input\",\"address\":\"0x10\",\"type\":\"temperature\","
     "\"format\":"
     "\"s16\",\"scale\":0.1,\"offset\":-273.15,\"error_value\":\"0x7FFF\"},\n"
     "{\"name\":\"E\",\"reg_type\":\"input\",\"address\":20,\"format\":\"u32\"},\n"
     "{\"name\":\"H\",\"reg_type\":\"holding\",\"address\":\"30:8:4\"},\n"
     "{\"name\":\"M\",\"reg_type\":\"holding\",\"address\":31,\"enum\":[0,1],\"enum_titles\":["
     "\"Off\","
     "\"On\"]}]}}",
     IMPORT_DONE,
     {"T: {at: input 16, type: s16, scale: 0.1, offset: -273.15, invalid: {0x7FFF: error value}, "
      "unit: "
      "Cel}",
      "order: {u32: CDAB}", "H: {at: holding 30, type: u16, mask: 0xF00, shift: 8}",
      "enum: {0: \"Off\", 1: \"On\"}"},
     {NULL}},
    {"what can't be said",
     "",
     "{\"device\":{\"channels\":[{\"name\":\"a\",\"reg_type\":\"holding\",\"address\":1,\"format\":"
     "\"bcd8\"},{\"name\":\"b\",\"device_type\":\"x\"},{\"name\":\"c\",\"reg_type\":\"x\","
     "\"address\":1}],"
     "\"parameters\":{\"p\":{\"address\":3}}}}",
     IMPORT_NOTHING,
     {NULL},
     {"a: format `bcd8`", "b: a device in the device", "c: register type `x`", "p: a setting"}},
    {"sentinels that never fit",
     "",
     "{\"device\":{\"channels\":[{\"name\":\"a\",\"reg_type\":\"holding\",\"address\":1,\"format\":"
     "\"s16\",\"error_value\":\"0x7FFFFFFF\"}]}}",
     IMPORT_DONE,
     {"a: {at: holding 1, type: s16}"},
     {"error_value does not fit 16 bits"}},
    {"a switch that is on at 0 is turned around",
     "",
     "{\"device\":{\"channels\":[{\"name\":\"closed\",\"reg_type\":\"coil\",\"address\":3,"
     "\"on_value\":0,\"off_value\":1},{\"name\":\"run\",\"reg_type\":\"discrete\",\"address\":4,"
     "\"on_value\":\"1\",\"off_value\":\"0\"},{\"name\":\"bit\",\"reg_type\":\"holding\","
     "\"address\":\"30:3:1\",\"on_value\":0,\"off_value\":1},{\"name\":\"coil\",\"reg_type\":"
     "\"coil\",\"address\":5,\"on_value\":\"0xFF00\",\"off_value\":0}]}}",
     IMPORT_DONE,
     {"closed: {at: coil 3, invert: true}", "run: {at: discrete 4}",
      "bit: {at: holding 30, type: u16, bit: 3, invert: true}", "coil: {at: coil 5}"},
     {"4 tags, 0 skipped"}},
    {"a switch that is always on, and numbers that stand for on and off",
     "",
     "{\"device\":{\"channels\":[{\"name\":\"inv\",\"reg_type\":\"discrete\",\"address\":4,"
     "\"on_value\":\"0\"},{\"name\":\"enable\",\"reg_type\":\"holding\",\"address\":10,"
     "\"on_value\":\"0xAA\",\"off_value\":\"0x55\"},{\"name\":\"plain\",\"reg_type\":\"holding\","
     "\"address\":11,\"on_value\":1,\"off_value\":0},{\"name\":\"odd\",\"reg_type\":\"coil\","
     "\"address\":12,\"on_value\":\"x\"}]}}",
     IMPORT_DONE,
     {"!inv:", "enable: {at: holding 10, type: u16}", "plain: {at: holding 11, type: u16}"},
     {"skipped: inv: by its on_value and off_value it would always be on",
      "enable: 170 means on, 85 means off; it stays a number here",
      "!plain:", "skipped: odd: its on_value or off_value is no whole number"}},
    {"templates of templates", "", "{% set x = 1 %}", IMPORT_NOTHING, {NULL}, {"Jinja"}},
};

static void tools(void **state)
{
    (void)state;
    RUN_CASES("modpoll", modpolls);
    RUN_CASES("neuron", neurons);
    RUN_CASES("telegraf", telegrafs);
    RUN_CASES("ignition", ignitions);
    RUN_CASES("wirenboard", wirenboards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tools)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
