using System.Globalization;
using System.Reflection;
using System.Text;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Rpc.Tests.Generator;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A contract with 500 members, called over each transport that carries requests.</summary>
public sealed class LargeContractTests
{
    private const int Members = 500;

    // Once for all transports: the source is written by a loop, and compiled with the generator.
    private static readonly Lazy<MethodInfo> CallEach = new(Build);

    public static TheoryData<string> Transports => CallTests.Transports;

    [FullRun(Reason.Repeats)]
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Each_of_500_members_is_called(string transport)
    {
        var results = await (Task<int[]>)CallEach.Value.Invoke(null, [Places.New(transport)])!;
        Assert.Equal(Enumerable.Range(0, Members).Select(static i => (3 * i) + 1), results);
    }

    private static MethodInfo Build()
    {
        StringBuilder contract = new();
        StringBuilder service = new();
        StringBuilder calls = new();
        for (int i = 0; i < Members; i++)
        {
            // Half of them block.
            bool isBlocking = i % 2 == 0;
            string name = isBlocking ? $"M{i}" : $"M{i}Async";
            string type = isBlocking ? "int" : "ValueTask<int>";
            string token = isBlocking ? "" : ", CancellationToken cancellationToken";
            string body = isBlocking ? $"a + {i}" : $"new(a + {i})";
            contract.Append($"{type} {name}(int a{token}{(isBlocking ? "" : " = default")});\n");
            service.Append($"public {type} {name}(int a{token}) => {body};\n");
            calls.Append($"results[{i}] = {(isBlocking ? "" : "await ")}many.{name}({(2 * i) + 1});\n");
        }

        string code = $$"""
            using System.Threading;
            using System.Threading.Tasks;
            using Fairlead.Rpc;
            [RpcContract] public interface IMany { {{contract}} }
            public sealed class Many : IMany { {{service}} }
            public static class Caller
            {
                public static async Task<int[]> CallEachAsync(string address)
                {
                    await using RpcServer server = await Rpc.ServeAsync<IMany>(address, new Many());
                    await using RpcClient<IMany> client = await Rpc.ConnectAsync<IMany>($"{server.Addresses[0]}");
                    IMany many = client.Service;
                    int[] results = new int[{{Members}}];
                    {{calls}}
                    return results;
                }
            }
            """;
        using MemoryStream image = new();
        var emitted = GeneratorTests.Complete(code).Emit(image);
        Assert.True(
            emitted.Success, string.Join('\n', emitted.Diagnostics.Where(static found => found.Severity == DiagnosticSeverity.Error)));
        return Assembly.Load(image.ToArray()).GetType("Caller")!.GetMethod("CallEachAsync")!;
    }
}
