namespace Fairlead.Tests.Conformance;

/// <summary>The flags of a transport under test describe it. A wrong flag would silently leave out the tests that need it.</summary>
public sealed class TransportFlagsTests : IDisposable
{
    private readonly List<MessagingEndpoint> _opened = [];

    /// <summary>Gets a name of each transport under test.</summary>
    public static TheoryData<string> Transports { get; } = [.. All().Select(static transport => transport.Name).Distinct()];

    public void Dispose() => _opened.ForEach(static endpoint => endpoint.Dispose());

    [Theory]
    [MemberData(nameof(Transports))]
    public void Flags_are_the_capabilities_of_the_transport(string name)
    {
        TransportUnderTest transport = Find(name);
        Address place = transport.NewPlace();
        TransportCapabilities capabilities = Capabilities(place);

        Assert.Equal(Has(TransportCapabilities.Handles), transport.CarriesHandles);
        Assert.Equal(Has(TransportCapabilities.PeerIdentity), transport.KnowsPeer);
        Assert.Equal(Has(TransportCapabilities.CrossHost), transport.IsNetwork);
        Assert.Equal(Has(TransportCapabilities.Duplex), transport.IsDuplex && transport.HasPeers);
        Assert.Equal(Has(TransportCapabilities.Duplex), transport.CarriesAnswers);
        Assert.Equal(Has(TransportCapabilities.Durable), !transport.HasPeers);
        Assert.Equal(place.Scheme != "inproc", transport.CrossesProcesses);

        bool Has(TransportCapabilities one) => (capabilities & one) != 0;
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Pairs_hubs_and_senders_bind_exactly_if_the_transport_declares_it(string name)
    {
        TransportUnderTest transport = Find(name);

        Assert.Equal(transport is { ConnectsPairs: true, IsDuplex: true, CarriesAnswers: true }, Binds(place => Pair.Bind(place)));
        Assert.Equal(transport is { ServesMany: true, IsDuplex: true, CarriesAnswers: true }, Binds(place => Hub.Bind(place)));
        Assert.Equal(transport.SendersBind, Binds(place => Sender.Bind(place)));

        bool Binds(Func<Address, MessagingEndpoint> bind)
        {
            try
            {
                _opened.Add(bind(transport.NewPlace()));
                return true;
            }
            catch (FairleadException refused) when (refused.Code == ErrorCode.NotSupported)
            {
                return false;
            }
        }
    }

    /// <summary>A sender finds a place without a receiver only if nothing has to be there.</summary>
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Senders_need_a_receiver_exactly_if_the_transport_declares_it(string name)
    {
        TransportUnderTest transport = Find(name);
        if (!transport.IsVisitedAgain || transport.NewPlace().Option("reliable") is not null || transport.IsNetwork)
        {
            // Both ends of a descriptor exist from the beginning, and a port of a network is chosen when it is bound.
            Assert.True(transport.HasPeers);
            return;
        }

        try
        {
            _opened.Add(await Sender.ConnectAsync(transport.NewPlace()));
            Assert.False(transport.HasPeers);
        }
        catch (FairleadException missing)
        {
            Assert.Equal(ErrorCode.NotFound, missing.Code);
            Assert.True(transport.HasPeers);
        }
    }

    [Fact]
    public void The_list_contains_each_transport_under_test() =>
        Assert.All(
            typeof(TransportFlagsTests)
                .Assembly.GetTypes()
                .Where(static type => type.IsSubclassOf(typeof(TransportUnderTest)) && !type.IsAbstract),
            static type => Assert.Contains(All(), transport => transport.GetType() == type));

    private static TransportCapabilities Capabilities(Address place) => TransportCatalog.CapabilitiesOf(place);

    private static TransportUnderTest Find(string name) => All().First(transport => transport.Name == name);

    private static IEnumerable<TransportUnderTest> All() =>
    [
        new InprocUnderTest(),
        new SharedMemoryUnderTest(),
        new UnixNameUnderTest(),
        new UnixPathUnderTest(),
        new UnixAbstractUnderTest(),
        new UnixPacketUnderTest(),
        new FifoUnderTest(),
        new FifoPathUnderTest(),
        new FifoPairUnderTest(),
        new LogUnderTest(),
        new UnixDatagramUnderTest(),
        new UnixDatagramAbstractUnderTest(),
        new TcpUnderTest(),
        new FixedPortUnderTest(),
        new TlsUnderTest(),
        new TlsFixedPortUnderTest(),
        new ReliableUdpUnderTest(),
        new FixedReliableUdpUnderTest(),
        new DescriptorUnderTest(areTwoPipes: false),
        new DescriptorUnderTest(areTwoPipes: true),
    ];
}
