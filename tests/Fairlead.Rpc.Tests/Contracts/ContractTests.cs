using Fairlead.Rpc.Tests.Contracts.Old;

namespace Fairlead.Rpc.Tests.Contracts
{
    public sealed class ContractTests
    {
        private readonly string _address = $"unix://rpc-{Guid.NewGuid():N}"[..24];

        [Fact]
        public async Task A_client_with_another_parameter_is_refused_and_the_error_shows_both_declarations()
        {
            await using RpcServer server = await Rpc.ServeAsync<IStore>(_address, new Store());
            var refused = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<IStockroom>(_address));
            Assert.Equal(ErrorCode.Incompatible, refused.Code);
            Assert.Contains("Put differs", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Put(string item, long count)", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Put(string item, int count)", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Empty is missing at the server", refused.Message, StringComparison.Ordinal);
        }

        [Fact]
        public async Task AllowMissingMembers_permits_calls_of_the_members_that_fit()
        {
            await using RpcServer server = await Rpc.ServeAsync<IStore>(_address, new Store());
            await using RpcClient<IStockroom> client = await Rpc.ConnectAsync<IStockroom>(
                _address, new RpcClientOptions { AllowMissingMembers = true });
            Assert.Equal(3, client.Service.Count("nut"));
            var refused = Assert.Throws<FairleadException>(() => client.Service.Put("nut", 1));
            Assert.Equal((ErrorCode.Incompatible, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
        }

        [Fact]
        public async Task A_server_that_replaces_a_server_of_another_contract_executes_no_wrong_member()
        {
            RpcServer first = await Rpc.ServeAsync<IStockroom>(_address, new Stockroom());
            await using RpcClient<IStockroom> client = await Rpc.ConnectAsync<IStockroom>(
                _address,
                new RpcClientOptions { AllowMissingMembers = true, Endpoint = new EndpointOptions { ReconnectTimeout = 60.Seconds() } });
            Assert.Equal(0, client.Service.Count("nut"));
            await first.DisposeAsync();
            await using RpcServer second = await Rpc.ServeAsync<IStore>(_address, new Store());
            FairleadException stale;
            do
            {
                // Not delivered for as long as the loss is not repaired.
                stale = Assert.Throws<FairleadException>(() => client.Service.Count("nut"));
                Assert.Equal(DeliveryStatus.NotDelivered, stale.Delivery);
            }
            while (!stale.Message.Contains("another contract", StringComparison.Ordinal));
            Assert.Equal(3, client.Service.Count("nut"));
        }

        [Fact]
        public void A_description_with_an_invalid_name_is_refused()
        {
            ArgumentException refused = Assert.Throws<ArgumentException>(() => new RpcDescription("My Service", []));
            Assert.Contains("'My Service' cannot be the name of a contract", refused.Message, StringComparison.Ordinal);
            byte[] good = Written("My_Service");
            Assert.Equal("My_Service", Read(good).Name);
            good[good.AsSpan().IndexOf((byte)'_')] = (byte)' ';
            Assert.Throws<RpcFormatException>(() => Read(good));
        }

        private static RpcDescription Read(byte[] bytes)
        {
            RpcReader reader = new(bytes);
            return RpcDescription.Read(ref reader);
        }

        private static byte[] Written(string name)
        {
            using RpcWriter writer = new(stackalloc byte[RpcWriter.InitialSize]);
            RpcWriter copy = writer;
            new RpcDescription(name, []).Write(ref copy);
            return copy.Written.ToArray();
        }

        [Fact]
        public void The_error_names_an_interface_without_generated_code()
        {
            var refused = Assert.Throws<FairleadException>(() => RpcContracts.Of<IDisposable>());
            Assert.Equal(ErrorCode.NotSupported, refused.Code);
            Assert.Contains("IDisposable", refused.Message, StringComparison.Ordinal);
        }

        [Fact]
        public async Task Parts_unknown_to_an_old_program_have_their_defaults()
        {
            await using RpcServer server = await Rpc.ServeAsync<Old.ITickets>(_address, new Old.Tickets());
            await using RpcClient<Newer.ITickets> client = await Rpc.ConnectAsync<Newer.ITickets>(_address);
            Newer.Ticket back = client.Service.Same(new Newer.Ticket { Title = "a", Queue = "fast", Weight = 9, Tags = ["x"] });
            Assert.Equal(("a", "slow", 7, 0), (back.Title, back.Queue, back.Weight, back.Tags.Count));
            Newer.Place place = client.Service.Move(new Newer.Place(1, "there", 2.5m, Newer.Side.Left));
            Assert.Equal(new Newer.Place(1, "here", -1.5m, Newer.Side.Right), place);
        }

        [Fact]
        public async Task Callback_objects_are_described_with_their_types()
        {
            await using RpcServer server = await Rpc.ServeAsync<IDesk>(_address, new Desk());
            await using RpcConnection tool = await Rpc.OpenAsync(_address);
            Assert.Equal(
                [
                    "public record Note(Mood Mood);",
                    "public enum Mood : byte { Calm = 0, Busy = 1 }",
                    """
                    /// Learns what happens at a desk.
                    public interface IDeskObserver
                    {
                        /// Told of each note.
                        [OneWay] void Noted(Note note);
                        ValueTask<Verdict> JudgeAsync(IAsyncEnumerable<Page> pages, CancellationToken cancellationToken = default);
                    }
                    """,
                    "public record struct Page(Paper Paper);",
                    "/// Of what it is made.\n[Flags] public enum Paper { Thin = 1, White = 2 }",
                    "public record struct Verdict(bool IsGood);",
                ],
                tool.Description.Types);
            Assert.Contains("\n\n/// Learns what", $"{tool.Description}", StringComparison.Ordinal);
        }

        [Fact]
        public void A_description_is_printed_as_source_code()
        {
            Assert.Equal(
                "public interface IStore\n{\n    int Count(string item);\n    void Put(string item, int count);\n}",
                $"{RpcContracts.Of<IStore>().Description}");
        }
    }

    [RpcContract]
    public interface IStore
    {
        int Count(string item);

        void Put(string item, int count);
    }

    internal sealed class Store : IStore
    {
        public int Count(string item) => item.Length;

        public void Put(string item, int count)
        {
        }
    }

    /// <summary>Learns what happens at a desk.</summary>
    [RpcContract]
    public interface IDeskObserver
    {
        /// <summary>Told of each note.</summary>
        [OneWay]
        void Noted(Note note);

        ValueTask<Verdict> JudgeAsync(IAsyncEnumerable<Page> pages, CancellationToken cancellationToken = default);
    }

    [RpcContract]
    public interface IDesk
    {
        void Watch(IDeskObserver observer);

        void Keep(Note note, IDeskObserver? observer);
    }

    internal sealed class Desk : IDesk
    {
        public void Watch(IDeskObserver observer)
        {
        }

        public void Keep(Note note, IDeskObserver? observer)
        {
        }
    }

    public sealed record Note(Mood Mood);

    public enum Mood : byte
    {
        Calm,
        Busy,
    }

    public readonly record struct Page(Paper Paper);

    /// <summary>Of what it is made.</summary>
    [Flags]
    public enum Paper
    {
        Thin = 1,
        White = 2,
    }

    public readonly record struct Verdict(bool IsGood);

    internal sealed class Stockroom : IStockroom
    {
        public int Count(string item) => 0;

        public void Empty()
        {
        }

        public void Put(string item, long count)
        {
        }
    }
}

namespace Fairlead.Rpc.Tests.Contracts.Newer
{
    public enum Side
    {
        Left,
        Right,
    }

    public sealed class Ticket
    {
        [RpcMember(1)]
        public string Title { get; set; } = "";

        [RpcMember(2)]
        public string Queue { get; init; } = "slow";

        [RpcMember(3)]
        public int Weight { get; set; } = 7;

        [RpcMember(4)]
        public IReadOnlyList<string> Tags { get; init; } = [];
    }

    public sealed record Place(
        [property: RpcMember(1)] int Id,
        [property: RpcMember(2)] string Name = "here",
        [property: RpcMember(3)] decimal Height = -1.5m,
        [property: RpcMember(4)] Side Side = Side.Right);

    [RpcContract(Name = "Tickets")]
    public interface ITickets
    {
        Ticket Same(Ticket ticket);

        Place Move(Place place);
    }
}

namespace Fairlead.Rpc.Tests.Contracts.Old
{
    public sealed class Ticket
    {
        [RpcMember(1)]
        public string Title { get; set; } = "";
    }

    public sealed record Place([property: RpcMember(1)] int Id);

    [RpcContract(Name = "Tickets")]
    public interface ITickets
    {
        Ticket Same(Ticket ticket);

        Place Move(Place place);
    }

    internal sealed class Tickets : ITickets
    {
        public Ticket Same(Ticket ticket) => ticket;

        public Place Move(Place place) => place;
    }

    [RpcContract]
    public interface IStockroom
    {
        void Put(string item, long count);

        void Empty();

        int Count(string item);
    }
}
