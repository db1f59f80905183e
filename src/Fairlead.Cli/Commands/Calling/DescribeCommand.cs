using System.CommandLine;
using System.Text;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>Prints the contracts of a service.</summary>
internal sealed class DescribeCommand : ToolCommand
{
    private readonly ServiceTarget _target;
    private readonly Option<string> _output = NewOption.Output("text", "json", "csharp");
    private readonly Option<string?> _template = new("--template")
    {
        Description = "Print sample arguments of this member as JSON, for fairlead call",
        HelpName = "MEMBER",
    };

    public DescribeCommand()
        : base("describe", "Print the contract of a service as C#")
    {
        _target = ServiceTarget.AddTo(this).AddOptionsTo(this);
        Add(_output);
        Add(_template);
        Examples =
        [
            ("fairlead describe calc", "Print the members, and the types that they name"),
            ("fairlead describe shop --contract IOrders", "Print one of several contracts"),
            ("fairlead describe unix://calc", "Describe the service at an address"),
            ("fairlead describe calc --output json > calc.json", "Save it, for fairlead diff"),
            ("fairlead describe calc --output csharp > Contract.cs", "Write a file that a client compiles"),
            ("fairlead describe store --template Put > put.json", "Write sample arguments, to edit and pass to fairlead call"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyList<RpcDescription> contracts;
        await using (RpcConnection connection = await _target.OpenAsync(parsed, cancellationToken))
        {
            contracts = await _target.ContractsAsync(connection, parsed, cancellationToken);
        }

        string service = _target.Service(parsed);
        if (parsed.GetValue(_template) is { } name)
        {
            RpcDescription chosen = ContractChoice.WithMember(contracts, name, service);
            StandardOutput.WriteLine(ArgumentTemplate.TextOf(MemberCall.Find(chosen, name, service)));
            return ExitCode.Ok;
        }

        if (parsed.GetRequiredValue(_output) == "csharp")
        {
            StandardOutput.Write(Encoding.UTF8.GetBytes(ContractCode.Of(ContractChoice.Single(contracts, service), service)));
            return ExitCode.Ok;
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

            Print(contract, service);
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
