using Fairlead.Time;

namespace Fairlead.Conformance;

/// <summary>The base class of the contracts of transports and patterns: it provides places, and opens endpoints at them.</summary>
public abstract class Contract : WatchedTest
{
    /// <summary>Begins the reason of a test that can never apply: eng/results.sh counts it as left out, not as skipped.</summary>
    public const string NotApplicable = "not for ";

    /// <summary>Options for a machine that is too busy to start a process in seconds, where a test is not about how long a handshake
    /// takes.</summary>
    protected static readonly EndpointOptions Unhurried = new() { HandshakeTimeout = 60.Seconds() };

    /// <summary>Begins a test on a transport.</summary>
    protected Contract(TransportUnderTest transport, ITestOutputHelper output)
        : base(output) => Transport = transport;

    /// <summary>The transport under test.</summary>
    protected TransportUnderTest Transport { get; }

    /// <summary>Returns a new place on the transport with options: <c>messages=10&amp;capacity=4096</c>.</summary>
    protected Address NewPlace(string options = "") => With(Transport.NewPlace(), options);

    /// <summary>Returns the address with options added.</summary>
    protected static Address With(Address address, string options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (string option in options.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            address = address.With(option[..equals], option[(equals + 1)..]);
        }

        return address;
    }

    /// <summary>Opens a sender and a receiver that are connected; either may be the bound one. The options are the receiver's.</summary>
    protected async Task<(Sender Sender, Receiver Receiver)> OpenAsync(bool senderBinds = false, string options = "")
    {
        if (senderBinds)
        {
            Sender bound = Track(await Sender.BindAsync(NewPlace(), Unhurried));
            return (bound, Track(await Receiver.ConnectAsync(With(OtherEnd(bound.Address), options), Unhurried)));
        }

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace(options), Unhurried));
        return (Track(await Sender.ConnectAsync(OtherEnd(receiver.Address), Unhurried)), receiver);
    }

    /// <summary>Returns the address that another end connects to: only the options that both ends must specify remain.</summary>
    protected Address Bare(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        string text = address.ToString();
        int question = text.IndexOf('?', StringComparison.Ordinal);
        Address bare = Address.Parse(question < 0 ? text : text[..question]);
        foreach (string option in Transport.OptionsOfBothEnds)
        {
            bare = address.Option(option) is { } value ? bare.With(option, value) : bare;
        }

        return bare;
    }

    /// <summary>Returns the address at which another end connects to this bound address.</summary>
    protected Address OtherEnd(Address bound) => Transport.OtherEndOf(Bare(bound));

    /// <summary>Starts a verb of the test peer that binds, and returns the address at which another end connects to it.</summary>
    protected async Task<(PeerProcess Peer, Address There)> StartBoundAsync(
        string verb, Address place, string how = "bind", params string[] more)
    {
        PeerProcess peer = Track(Transport.StartPeer(verb, how, place, more));
        return (peer, OtherEnd(Transport.BoundBy(place, Address.Parse(await peer.AnswerAsync()))));
    }

    /// <summary>Starts a verb of the test peer that connects to the address.</summary>
    protected async Task<PeerProcess> StartConnectedAsync(string verb, Address there, string how = "connect", params string[] more)
    {
        PeerProcess peer = Track(Transport.StartPeer(verb, how, there, more));
        await peer.AnswerAsync();
        return peer;
    }

    /// <summary>Returns a message of type 1 as handled: accepts it where it wants a receipt, and would come again without.</summary>
    protected Message Handled(Message message)
    {
        if (Transport.WantsReceipts)
        {
            message.Accept();
        }

        return message;
    }

    /// <summary>Leaves out a test that does not apply to this transport; it does not count as skipped.</summary>
    protected void SkipUnless(bool isDeclared, string reason) =>
        Skip(!isDeclared, $"{NotApplicable}{Transport.Name}: {reason}");

    /// <summary>Moves the clock until the task is done: an endpoint's background work runs by the clock.</summary>
    protected async Task<T> MovingAsync<T>(ManualClock clock, Task<T> task)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(task);
        await Until(
            () =>
            {
                clock.Advance(20.Milliseconds());
                return task.IsCompleted;
            },
            "it is done");
        return await task;
    }
}
