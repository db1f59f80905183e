using System.Runtime.InteropServices;

namespace Fairlead.Native.Sockets;

/// <summary>Buffers for several datagrams of one system call, with the addresses of their senders. Not thread-safe.</summary>
/// <param name="longest">The buffer size in bytes; longer datagrams are truncated.</param>
internal sealed unsafe class DatagramBatch(int longest = DatagramBatch.Longest)
{
    /// <summary>The most datagrams of one call.</summary>
    public const int Most = 16;

    /// <summary>The longest possible UDP datagram.</summary>
    public const int Longest = 64 * 1024;

    // The count of overflows, and the local address.
    private const int ControlRoom = OverflowRoom + Sockets.LocalHost.ControlRoom;
    private const int OverflowRoom = 24;

    // Pinned: the kernel keeps the addresses across calls.
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Most * longest, pinned: true);
    private readonly byte[] _names = GC.AllocateArray<byte>(Most * Libc.SocketAddressCapacity, pinned: true);
    private readonly byte[] _controls = GC.AllocateArray<byte>(Most * ControlRoom, pinned: true);
    private readonly Libc.IoVector[] _vectors = GC.AllocateArray<Libc.IoVector>(Most, pinned: true);
    private readonly Libc.MultiMessage[] _messages = GC.AllocateArray<Libc.MultiMessage>(Most, pinned: true);

    /// <summary>Reads the datagrams that have arrived, without waiting.</summary>
    /// <returns>The number of datagrams; if 0, <paramref name="error"/> has the reason.</returns>
    public int Receive(Descriptor socket, out Errno error)
    {
        error = Errno.EBADF;
        if (!socket.TryEnter())
        {
            return 0;
        }

        for (int i = 0; i < Most; i++)
        {
            _vectors[i] = new() { Base = At(_bytes, i * longest), Length = (nuint)longest };
            _messages[i] = new()
            {
                Header = new()
                {
                    Name = At(_names, i * Libc.SocketAddressCapacity),
                    NameLength = Libc.SocketAddressCapacity,
                    Vectors = (Libc.IoVector*)Marshal.UnsafeAddrOfPinnedArrayElement(_vectors, i),
                    VectorCount = 1,
                    Control = At(_controls, i * ControlRoom),
                    ControlLength = ControlRoom,
                },
            };
        }

        int count;
        error = Errno.None;
        do
        {
            count = Libc.ReceiveMessages(
                socket.Number, (Libc.MultiMessage*)Marshal.UnsafeAddrOfPinnedArrayElement(_messages, 0), Most, Libc.MSG_DONTWAIT, null);
        } while (count < 0 && (error = Libc.LastError) == Errno.EINTR);

        socket.Exit();
        if (count < 0)
        {
            return 0;
        }

        error = Errno.None;
        return count;
    }

    /// <summary>The datagram, or its beginning if it was longer.</summary>
    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(index * longest, (int)Math.Min(_messages[index].Length, (uint)longest));

    /// <summary>Returns whether the datagram was truncated.</summary>
    public bool IsCut(int index) => (_messages[index].Header.Flags & Libc.MSG_TRUNC) != 0;

    /// <summary>Returns the sender's address in the kernel's form; empty if it has no name.</summary>
    public ReadOnlySpan<byte> Name(int index) =>
        _names.AsSpan(index * Libc.SocketAddressCapacity, (int)Math.Min(_messages[index].Header.NameLength, Libc.SocketAddressCapacity));

    /// <summary>
    /// Returns how many datagrams the socket has dropped for lack of buffer space since its creation, modulo 2³². Null if there were none,
    /// or if it was not told to count them (<see cref="NativeDatagrams.CountOverflows"/>).
    /// </summary>
    public uint? Overflows(int index)
    {
        ReadOnlySpan<byte> control = Control(index);
        while (TryTake(ref control, out int level, out int type, out ReadOnlySpan<byte> data))
        {
            if (level == Libc.SOL_SOCKET && type == Libc.SO_RXQ_OVFL && data.Length >= sizeof(uint))
            {
                return MemoryMarshal.Read<uint>(data);
            }
        }

        return null;
    }

    /// <summary>Returns the address to which the datagram was sent, if the socket reports it
    /// (<see cref="NativeDatagrams.ReportLocalHosts"/>).</summary>
    public LocalHost LocalHost(int index)
    {
        ReadOnlySpan<byte> control = Control(index);
        while (TryTake(ref control, out int level, out int type, out ReadOnlySpan<byte> data))
        {
            if (Native.Sockets.LocalHost.Read(level, type, data) is { IsKnown: true } found)
            {
                return found;
            }
        }

        return default;
    }

    private ReadOnlySpan<byte> Control(int index) =>
        _controls.AsSpan(index * ControlRoom, (int)Math.Clamp(_messages[index].Header.ControlLength, 0, ControlRoom));

    /// <summary>Takes the first of several control messages.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> control, out int level, out int type, out ReadOnlySpan<byte> data)
    {
        const int Header = Native.Sockets.LocalHost.ControlHeader;
        if (control.Length < Header || MemoryMarshal.Read<nint>(control) is var length && (length < Header || length > control.Length))
        {
            level = type = 0;
            data = default;
            return false;
        }

        level = MemoryMarshal.Read<int>(control[8..]);
        type = MemoryMarshal.Read<int>(control[12..]);
        data = control[Header..(int)length];
        control = control[Math.Min(((int)length + 7) & ~7, control.Length)..];
        return true;
    }

    private static byte* At(byte[] array, int index) => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(array, index);
}
