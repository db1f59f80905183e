using Fairlead.Rpc.Tests.Contracts.Old;

namespace Fairlead.Rpc.Tests.Contracts
{
    public sealed class ContractTests
    {
        private readonly string _address = $"unix://rpc-{Guid.NewGuid():N}"[..24];

        [Fact]
        public async Task A_client_with_another_parameter_is_refused_and_told_both()
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
        public async Task Members_that_fit_can_be_called_where_that_is_allowed()
        {
            await using RpcServer server = await Rpc.ServeAsync<IStore>(_address, new Store());
            await using RpcClient<IStockroom> client = await Rpc.ConnectAsync<IStockroom>(
                _address, new RpcClientOptions { AllowMissingMembers = true });
            Assert.Equal(3, client.Service.Count("nut"));
            var refused = Assert.Throws<FairleadException>(() => client.Service.Put("nut", 1));
            Assert.Equal((ErrorCode.Incompatible, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
        }

        [Fact]
        public async Task A_server_that_replaces_one_of_another_contract_executes_no_wrong_member()
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
        public void An_interface_without_generated_code_is_named()
        {
            var refused = Assert.Throws<FairleadException>(() => RpcContracts.Of<IDisposable>());
            Assert.Equal(ErrorCode.NotSupported, refused.Code);
            Assert.Contains("IDisposable", refused.Message, StringComparison.Ordinal);
        }

        [Fact]
        public void A_description_reads_as_source()
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

namespace Fairlead.Rpc.Tests.Contracts.Old
{
    [RpcContract]
    public interface IStockroom
    {
        void Put(string item, long count);

        void Empty();

        int Count(string item);
    }
}
