using Fairlead.Rpc;

namespace RpcByHand;

/// <summary>The server's side: it turns each message into a call of the real calculator.</summary>
internal sealed class Skeleton(ICalculator service) : RpcSkeleton
{
    public override ValueTask InvokeAsync(int member, RpcInvocation invocation)
    {
        // Step 4: the skeleton unmarshals the arguments, in the order in which the stub wrote them, and calls the service. End checks
        // that nothing is left over: an argument that is missing or too much ends the call with the error Corrupt.
        RpcReader arguments = invocation.Arguments;
        if (member != CalculatorContract.Add)
        {
            throw new ArgumentOutOfRangeException(nameof(member), member, "The contract has one member.");
        }

        int a = arguments.ReadInt32();
        int b = arguments.ReadInt32();
        arguments.End();
        Walk.Show(4, $"the skeleton unmarshals and calls Add({a}, {b})");
        int sum = service.Add(a, b);

        // Step 5: the reply goes back. If the service has thrown, the server sends its exception instead.
        RpcWriter reply = RpcInvocation.BeginReply(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            reply.WriteInt32(sum);
            Walk.Show(5, $"the skeleton marshals the result {sum}", reply.Written);
            invocation.Reply(ref reply);
        }
        finally
        {
            reply.Dispose();
        }

        return default;
    }
}
