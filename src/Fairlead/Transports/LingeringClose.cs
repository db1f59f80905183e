using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports;

/// <summary>Closes a TCP socket without cutting off the bytes that its peer has not got yet.</summary>
/// <remarks>
/// <para>
/// A TCP socket that is closed with unread data sends a reset, and so does one to which data comes after it was closed. A reset drops the
/// bytes that are still on their way to the peer. So a socket whose peer has not acknowledged everything ends its sending and stays open.
/// It drops what comes in, until the peer has ended too or has acknowledged everything, or until the time is over. RFC 9112, section 9.6,
/// describes the problem for servers of HTTP.
/// </para>
/// <para>
/// Owns the socket. Closed by the thread that begins, by the reactor or by the timer, whichever comes first: no lock. Nothing waits for it;
/// a process that exits meanwhile leaves its socket to the kernel, which resets it if more data comes.
/// </para>
/// </remarks>
internal sealed class LingeringClose : IReactorClient, IAlarmed
{
    /// <summary>The option for the time.</summary>
    public const string Option = "linger";

    private const int MostReads = 64;

    /// <summary>The time without the option.</summary>
    public static readonly TimeSpan UsualTime = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Descriptor _socket;
    private readonly TimeSpan _longest;
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private readonly Registration _registration;
    private readonly ITimer _timer;
    private ReadOnlyMemory<byte> _rest;
    private volatile bool _hasRest;
    private int _isClosed;

    private LingeringClose(Descriptor socket, ReadOnlyMemory<byte> rest, TimeSpan longest)
    {
        _socket = socket;
        _longest = longest;
        _rest = rest;
        _hasRest = !rest.IsEmpty;
        _registration = Reactor.Shared.Register(socket, this);
        _timer = Alarm.Create(TimeProvider.System, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Returns the time that the address asks for.</summary>
    /// <exception cref="AddressFormatException">The option is malformed.</exception>
    public static TimeSpan TimeOf(Address address) =>
        AddressOptions.Duration(address, Option, allowInfinite: false) is not { } time ? UsualTime
        : time <= LongestTime ? time
        : throw new AddressFormatException(
            address.ToString(),
            $"option '{Option}' cannot be '{AddressText.Display(address.Option(Option)!)}': the longest time is one day. "
                + "Write 0 to reset the connection when it is closed.");

    /// <inheritdoc cref="Close(Descriptor, ReadOnlyMemory{byte}, TimeSpan)"/>
    public static void Close(Descriptor socket, ReadOnlyMemory<byte> rest) => Close(socket, rest, UsualTime);

    /// <summary>Closes a socket: immediately if its peer has everything, and otherwise later. Does not block, and does not throw.</summary>
    /// <param name="socket">The socket, owned from now on. No other thread uses it.</param>
    /// <param name="rest">The last bytes, which the kernel has not taken yet.</param>
    /// <param name="longest">How long the socket may stay open. Zero: not at all, which resets the connection.</param>
    public static void Close(Descriptor socket, ReadOnlyMemory<byte> rest, TimeSpan longest)
    {
        if (longest == TimeSpan.Zero)
        {
            socket.Dispose();
            return;
        }

        bool lingers = false;
        Finishing.Do("a TCP connection", () =>
        {
            bool isOnItsWay = !rest.IsEmpty || NativeSocket.HasUnacknowledged(socket);
            if (rest.IsEmpty)
            {
                socket.ShutdownSocket(ShutdownHow.Write);
            }

            bool hasEnded = Drop(socket, out bool hadData);
            if (!hasEnded && (isOnItsWay || hadData) && !DescriptorReserve.IsTouchedBy(socket))
            {
                LingeringClose closing = new(socket, rest, longest);
                lingers = true;
                closing.Continue();
            }
        });
        if (!lingers)
        {
            socket.Dispose();
        }
    }

    void IReactorClient.OnReady(PollEvents events) => Continue();

    void IReactorClient.OnFailed(Exception exception) => Finish();

    void IAlarmed.OnAlarm()
    {
        if ((!_hasRest && !NativeSocket.HasUnacknowledged(_socket)) || IsLate)
        {
            Finish();
        }
        else
        {
            _timer.Change(Look, Timeout.InfiniteTimeSpan);
        }
    }

    void IAlarmed.OnAlarmFailed(Exception exception) => Finish();

    // Checked on data, too: a peer that goes on writing postpones the timer each time.
    private bool IsLate => TimeProvider.System.GetElapsedTime(_start) > _longest;

    /// <summary>Writes the rest, drops what has come, and waits again.</summary>
    private void Continue()
    {
        try
        {
            if (!IsLate && TryWriteRest() && !Drop(_socket, out _))
            {
                _registration.Arm(_hasRest ? PollEvents.Read | PollEvents.Write : PollEvents.Read);
                _timer.Change(Look, Timeout.InfiniteTimeSpan);
            }
            else
            {
                Finish();
            }
        }
        catch
        {
            Finish();
            throw;
        }
    }

    /// <summary>Returns false if the connection is broken.</summary>
    private bool TryWriteRest()
    {
        if (!_hasRest)
        {
            return true;
        }

        IoResult result = _socket.Write(_rest.Span);
        if (result.WouldBlock)
        {
            return true;
        }

        _rest = _rest[result.Count..];
        if (_rest.IsEmpty)
        {
            _hasRest = false;
            _socket.ShutdownSocket(ShutdownHow.Write);
        }

        return result.Ok;
    }

    private void Finish()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            Finishing.Do("a TCP connection", _timer.Dispose);
            Finishing.Do("a TCP connection", _registration.Dispose);
            _socket.Dispose();
        }
    }

    /// <summary>Drops what has arrived, within limits. Returns whether the peer has ended, or the connection is broken.</summary>
    private static bool Drop(Descriptor socket, out bool hadData)
    {
        Span<byte> buffer = stackalloc byte[4096];
        hadData = false;
        for (int i = 0; i < MostReads; i++)
        {
            IoResult result = socket.Read(buffer);
            if (!result.Ok || result.IsEnd)
            {
                return !result.WouldBlock;
            }

            hadData = true;
        }

        return false;
    }
}
