using Fairlead.Rpc;

namespace RpcByHand;

/// <summary>The contract. Without [RpcContract] the generator writes nothing for it: stub and skeleton stand in their own files.</summary>
internal interface ICalculator
{
    int Add(int a, int b);
}

/// <summary>Both sides have it: it describes the members on the wire, and makes stubs and skeletons.</summary>
internal sealed class CalculatorContract : RpcContract<ICalculator>
{
    /// <summary>The number of Add: its place in the list of members.</summary>
    public const int Add = 0;

    /// <summary>The server sends it to each client. Members with the same name and shape understand each other.</summary>
    public override RpcDescription Description { get; } =
        new("RpcByHand.ICalculator", [new RpcMember("Add", "int Add(int a, int b);", "(i32,i32)->i32")]);

    public override ICalculator CreateStub(RpcChannel channel) => new Stub(channel);

    public override RpcSkeleton CreateSkeleton(ICalculator service) => new Skeleton(service);
}
