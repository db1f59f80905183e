using System.CommandLine;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands;

/// <summary>Prints the contracts of a service.</summary>
internal sealed class DescribeCommand : ToolCommand
{
    private readonly ServiceTarget _target;
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public DescribeCommand()
        : base("describe", "Print the contract of a service as C#")
    {
        _target = ServiceTarget.AddTo(this).AddOptionsTo(this);
        Add(_output);
        Examples =
        [
            ("fairlead describe calc", "Print the members, and the types that they name"),
            ("fairlead describe shop --contract IOrders", "Print one of several contracts"),
            ("fairlead describe unix://calc", "Describe the service at an address"),
            ("fairlead describe calc --output json > calc.json", "Save it, for fairlead diff"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyList<RpcDescription> contracts;
        await using (RpcConnection connection = await _target.OpenAsync(parsed, cancellationToken))
        {
            contracts = await _target.ContractsAsync(connection, parsed, cancellationToken);
        }

        bool isJson = parsed.GetRequiredValue(_output) == "json";
        foreach (RpcDescription contract in contracts)
        {
            if (isJson)
            {
                StandardOutput.WriteLine(JsonSerializer.Serialize(ContractLine.Of(contract), OutputJson.Readable.ContractLine));
                continue;
            }

            if (contract != contracts[0])
            {
                StandardOutput.WriteLine("");
            }

            Print(contract, _target.Service(parsed));
        }

        return ExitCode.Ok;
    }

    private static void Print(RpcDescription contract, string service)
    {
        StandardOutput.WriteLine(VisibleText.OneLine($"// {service}: {contract.Name}, hash {InstanceLine.HashOf(contract.Hash)}"));
        foreach (string line in contract.ToString().Split('\n'))
        {
            StandardOutput.WriteLine(VisibleText.OneLine(line));
        }
    }
}
