using Fairlead.Rpc;

namespace RpcByHand;

/// <summary>The client's side: it looks like the calculator, and turns each call into a message.</summary>
internal sealed class Stub(RpcChannel channel) : ICalculator
{
    public int Add(int a, int b)
    {
        // Step 1: the stub marshals. Begin writes which member of which contract is meant; the arguments follow, in a form that does not
        // depend on the machine: 4 bytes each, the least significant first.
        RpcWriter call = channel.Begin(CalculatorContract.Add, stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            call.WriteInt32(a);
            call.WriteInt32(b);
            Walk.Show(1, $"the stub marshals Add({a}, {b})", call.Written);

            // Step 3: the message goes. This thread blocks until step 5, when the reply is back and the stub unmarshals the result.
            return channel.Call(CalculatorContract.Add, ref call, ReadSum);
        }
        finally
        {
            call.Dispose();
        }
    }

    private static int ReadSum(ref RpcReader reply)
    {
        int sum = reply.ReadInt32();
        Walk.Show(5, $"the stub unmarshals the result {sum}");
        return sum;
    }
}
