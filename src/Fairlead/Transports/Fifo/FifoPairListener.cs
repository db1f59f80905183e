using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Fifo;

/// <summary>Two bound FIFOs, one peer at a time: this end reads the first and writes to the second.</summary>
/// <remarks>
/// A peer opens the second FIFO for reading, which only one can. It waits until that FIFO has no writer any more, and then sends its hello
/// into the first. All that it reads was therefore written for it.
/// <para>
/// A program without Fairlead opens both FIFOs before it writes, and each <c>open</c> blocks until the other end is there. With a foreign
/// framing, a thread therefore opens the second FIFO for writing and then waits for a writer of the first, in the kernel.
/// </para>
/// </remarks>
internal sealed class FifoPairListener : FifoListener
{
    private readonly EndpointSettings _settings;
    private readonly FifoFile _answers;
    private readonly PollSet _set = new();

    // Holds the reader lock as long as the listener lives.
    private readonly Descriptor _reader;
    private Descriptor? _source;
    private bool _isWatched;

    // Of the program that has opened the second FIFO for reading, with a foreign framing.
    private Descriptor? _target;
    private bool _hasPeer;
    private Thread? _waiter;
    private int _round;

    private FifoPairListener(Address address, FifoFile requests, FifoFile answers, Descriptor reader, EndpointSettings settings)
        : base(address, requests)
    {
        _answers = answers;
        _reader = reader;
        _settings = settings;

        // Data that a peer of an earlier listener wrote is not for this one.
        PipeConnection.Discard(reader);
        _set.Add(Ready.Descriptor, 1, PollEvents.Read);
    }

    /// <summary>The poll set. Without a connection, it contains a separate descriptor of the FIFO.</summary>
    /// <remarks>A descriptor that has seen a writer leave reports that permanently.</remarks>
    public override Descriptor WaitDescriptor => _set.Descriptor;

    public static FifoPairListener Bind(Address address, EndpointSettings settings)
    {
        string[] names = address.Place.Split(',');
        FifoFile requests = FifoFile.Make(address, names[0]);
        FifoFile? answers = null;
        Descriptor? reader = null;
        FifoPairListener listener;
        try
        {
            answers = FifoFile.Make(address, names[1], first: requests);
            reader = requests.TryOpenToReadAlone(address);
            if (reader is null)
            {
                // The other end has both.
                answers.Leave();
                throw requests.HeldByReader(address);
            }

            listener = new FifoPairListener(address, requests, answers, reader, settings);
        }
        catch
        {
            reader?.Dispose();
            answers?.Dispose();
            requests.Dispose();
            throw;
        }

        return Armed(listener);
    }

    protected override Connection? Take()
    {
        if (_source is not { } source)
        {
            return null;
        }

        if (_settings.IsForeign)
        {
            Unwatch(source);
            return TakeForeign(source);
        }

        if (_answers.TryOpenToWrite(Address) is { } target)
        {
            return Take(source, target);
        }

        // A peer came and went, or wrote without listening. A new peer has meanwhile taken the place of the only peer, and its data must
        // not be discarded with the rest.
        using (Descriptor? place = _answers.TryOpenToReadAlone(Address))
        {
            if (place is not null)
            {
                PipeConnection.Discard(source);
            }
        }

        Arm();
        return null;
    }

    protected override void Rearm()
    {
        if (_source is { } former)
        {
            Unwatch(former);
            former.Dispose();
        }

        _target?.Dispose();
        (_source, _target, _hasPeer) = (null, null, false);
        Descriptor source = Fifo.OpenToRead(Address);
        _source = source;
        _set.Add(source, 0, PollEvents.Read);
        _isWatched = true;
        if (_settings.IsForeign)
        {
            int round = ++_round;
            _waiter = BackgroundThread.Start("Fairlead FIFOs", () => WaitForProgram(round));
        }
    }

    protected override void Release()
    {
        _set.Dispose();

        // Any opening of the other ends wakes the thread, which then sees that the listener is disposed.
        using (Descriptor? reader = NativeFile.Reopen(_answers.Place, OpenFlags.ReadOnly, out _))
        using (Descriptor? writer = NativeFile.Reopen(Fifo.Place, OpenFlags.WriteOnly, out _))
        {
            if (reader is not null && writer is not null)
            {
                _waiter?.Join();
            }
        }

        _answers.Dispose();
        _source?.Dispose();
        _target?.Dispose();
        _reader.Dispose();
    }

    /// <summary>
    /// Returns the connection if the program has opened both FIFOs. Earlier data of the program stays in the FIFO, whose descriptor is not
    /// watched until then.
    /// </summary>
    private PipeConnection? TakeForeign(Descriptor source)
    {
        if (_target is not { } target || !_hasPeer)
        {
            return null;
        }

        PipeConnection connection = ConnectionOf(source, target);
        (_source, _target, _hasPeer) = (null, null, false);
        return connection;
    }

    /// <summary>Returns the connection. If that fails, the source still shows the peer.</summary>
    private PipeConnection Take(Descriptor source, Descriptor target)
    {
        try
        {
            PipeConnection connection = ConnectionOf(source, target);
            Unwatch(source);
            _source = null;
            return connection;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    private PipeConnection ConnectionOf(Descriptor source, Descriptor target) =>
        new(source, target, _settings.Framing, FifoTransport.Duplex, Fifo.Peer)
        {
            // The next program may have written already: it does not wait until this connection has closed.
            EmptiesSource = !_settings.IsForeign,
            OnClosed = OnClosed,
        };

    private void Unwatch(Descriptor source)
    {
        if (_isWatched)
        {
            _set.Remove(source);
            _isWatched = false;
        }
    }

    private void WaitForProgram(int round)
    {
        Errno error;
        while (true)
        {
            using Descriptor? woken = NativeFile.Reopen(_answers.Place, OpenFlags.WriteOnly | OpenFlags.Blocking, out error);
            using (Gate.Hold())
            {
                if (IsOver(round))
                {
                    return;
                }

                // The reader may have left again.
                _target = woken is null ? null : NativeFile.Reopen(_answers.Place, OpenFlags.WriteOnly, out error);
                if (_target is null)
                {
                    if (error == Errno.ENXIO)
                    {
                        continue;
                    }

                    Fail(ErrnoMap.Failure("cannot wait for a program that reads", error).At(Address));
                    return;
                }

                // Connected only with a writer: without one, a read would be the end of the connection.
                Unwatch(_source!);
                if ((BlockingWait.Wait(_source!, PollEvents.Read, TimeSpan.Zero) & PollEvents.Read) != 0)
                {
                    Announce();
                    return;
                }
            }

            break;
        }

        using (Descriptor? woken = NativeFile.Reopen(Fifo.Place, OpenFlags.ReadOnly | OpenFlags.Blocking, out error))
        using (Gate.Hold())
        {
            if (IsOver(round))
            {
                return;
            }

            // The old descriptor may have seen a writer leave, and would report the end.
            Descriptor? source = woken is null ? null : NativeFile.Reopen(Fifo.Place, OpenFlags.ReadOnly, out error);
            if (source is null)
            {
                Fail(ErrnoMap.Failure("cannot wait for a program that writes", error).At(Address));
                return;
            }

            _source!.Dispose();
            _source = source;
            Announce();
        }
    }

    private void Announce()
    {
        _hasPeer = true;
        Ready.Signal();
    }

    private bool IsOver(int round) => IsDisposed || round != _round || _source is null;
}
