using Fairlead.Native;

namespace Fairlead.Transports.Fifo;

/// <summary>
/// Two bound FIFOs, of which the first is read here and the second written to: one peer at a time. A peer opens the second for reading,
/// which only one can, waits until nobody writes there any more, and then says hello in the first. So what it hears was written for it.
/// </summary>
internal sealed class FifoPairListener : FifoListener
{
    private readonly EndpointSettings _settings;
    private readonly FifoFile _answers;
    private readonly PollSet _set = new();

    // Holds the lock of the one reader, as long as the listener lives.
    private readonly Descriptor _reader;
    private Descriptor? _source;

    private FifoPairListener(Address address, FifoFile requests, FifoFile answers, Descriptor reader, EndpointSettings settings)
        : base(address, requests)
    {
        _answers = answers;
        _reader = reader;
        _settings = settings;

        // What a peer of somebody before wrote concerns nobody.
        PipeConnection.Discard(reader);
        Rearm();
    }

    /// <summary>
    /// The set holds an opening of its own of the FIFO while there is no connection, since one that has seen a writer leave tells of it for
    /// ever.
    /// </summary>
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

        // Somebody came and went, or wrote here who does not listen. Whoever comes meanwhile has the place of the one peer, and what he
        // says is not thrown away with it.
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
