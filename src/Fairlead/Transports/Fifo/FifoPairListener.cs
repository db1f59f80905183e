using Fairlead.Native;

namespace Fairlead.Transports.Fifo;

/// <summary>Two bound FIFOs, one peer at a time: this end reads the first and writes to the second.</summary>
/// <remarks>
/// A peer opens the second FIFO for reading, which only one can. It waits until that FIFO has no writer any more, and then sends its hello
/// into the first. All that it reads was therefore written for it.
/// </remarks>
internal sealed class FifoPairListener : FifoListener
{
    private readonly EndpointSettings _settings;
    private readonly FifoFile _answers;
    private readonly PollSet _set = new();

    // Holds the reader lock as long as the listener lives.
    private readonly Descriptor _reader;
    private Descriptor? _source;

    private FifoPairListener(Address address, FifoFile requests, FifoFile answers, Descriptor reader, EndpointSettings settings)
        : base(address, requests)
    {
        _answers = answers;
        _reader = reader;
        _settings = settings;

        // Data that a peer of an earlier listener wrote is not for this one.
        PipeConnection.Discard(reader);
        Rearm();
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
        try
        {
            answers = FifoFile.Make(address, names[1]);
            reader =
                requests.TryOpenToReadAlone(address)
                ?? throw TakenPlace.Held(null, $"fuser -v {FifoFile.PathOf(address, names[0])}", address);
            return new FifoPairListener(address, requests, answers, reader, settings);
        }
        catch
        {
            reader?.Dispose();
            answers?.Dispose();
            requests.Dispose();
            throw;
        }
    }

    protected override Connection? Take()
    {
        if (_source is not { } source)
        {
            return null;
        }

        _set.Remove(source);
        _source = null;
        if (_answers.TryOpenToWrite(Address) is { } target)
        {
            return new PipeConnection(source, target, _settings.Framing, FifoTransport.Duplex, Fifo.Peer)
            {
                EmptiesSource = true,
                OnClosed = OnClosed,
            };
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

        source.Dispose();
        Rearm();
        return null;
    }

    protected override void Rearm()
    {
        _source = Fifo.OpenToRead(Address);
        _set.Add(_source, 0, PollEvents.Read);
    }

    protected override void Release()
    {
        _answers.Dispose();
        _set.Dispose();
        _source?.Dispose();
        _reader.Dispose();
    }
}
