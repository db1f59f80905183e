namespace Fairlead.Registry;

/// <summary>
/// The layout of an endpoint entry: one file of 4,096 bytes, mapped by its owner and read by all others. docs/memory-layout.md shows it; a
/// test checks the numbers.
/// </summary>
/// <remarks>
/// <code>
///    0  magic "FLDENDPT"                     8 bytes
///    8  layout version, 1                    u32
///   12  size, 4096                           u32
///   16  ready: 1, written last (release);    u32
///       0 again when it is withdrawn
///   20  process id                           u32
///   24  started, Unix time in milliseconds   i64
///   32  kind (PatternKind)                   u8
///   33  bound: 1; connected, or no longer    u8
///       listening: 0
///   34  flags: 1 address cut, 2 program cut  u16
///   36  parent process id, or 0: the process  u32
///       that made the entry for its child
///   40  device of the socket file, or 0      u64
///   48  inode of the socket file, or 0       u64
///   56  length of the address in bytes       u16
///   58  length of the program in bytes       u16
///   60  changes: odd while the address changes   u32
///   64  messages sent                        u64   written by sending threads
///   72  bytes sent                           u64
///   80  messages written once for many       u64   written by one thread at a time;
///   88  their bytes                          u64   both are added to those above
///  128  messages received                    u64   written by receiving threads
///  136  bytes received                       u64
///  192  queue depth                          u64   written rarely, by either
///  200  dropped                              u64
///  208  missed                               u64
///  216  clients                              u64
///  224  length of the label in bytes         u16
///  226  reserved, 0
///  232  control messages received            u64
///  240  1: its broker takes nothing from it  u64
///  248  reserved for further counters, 0
///  256  label, UTF-8                         256 bytes
///  512  address, UTF-8                    1,792 bytes
/// 2304  program, UTF-8                    1,792 bytes
/// 4096
/// </code>
/// Native byte order: the file never leaves the machine. Each group of counters has separate cache lines.
/// </remarks>
internal static class EndpointLayout
{
    public const int Size = 4096;
    public const uint Version = 1;

    public const int LayoutVersion = 8;
    public const int SizeField = 12;
    public const int Ready = 16;
    public const int ProcessId = 20;
    public const int Started = 24;
    public const int Kind = 32;
    public const int Bound = 33;
    public const int Flags = 34;
    public const int Parent = 36;
    public const int SocketDevice = 40;
    public const int SocketInode = 48;
    public const int AddressLength = 56;
    public const int ProgramLength = 58;
    public const int Changes = 60;
    public const int MessagesSent = 64;
    public const int BytesSent = 72;
    public const int MessagesShared = 80;
    public const int BytesShared = 88;
    public const int MessagesReceived = 128;
    public const int BytesReceived = 136;
    public const int QueueDepth = 192;
    public const int Dropped = 200;
    public const int Missed = 208;
    public const int Clients = 216;
    public const int LabelLength = 224;
    public const int Control = 232;
    public const int State = 240;
    public const int Label = 256;
    public const int LabelSize = 256;
    public const int Address = 512;
    public const int Program = 2304;
    public const int TextSize = 1792;

    public const ushort AddressCut = 1;
    public const ushort ProgramCut = 2;

    /// <summary>The state of an endpoint that is connected, or bound.</summary>
    public const long Usual = 0;
    public const long Blocked = 1;
    public const long Reconnecting = 2;

    /// <summary>The first eight bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "FLDENDPT"u8;
}
