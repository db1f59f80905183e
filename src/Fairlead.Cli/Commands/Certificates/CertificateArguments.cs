using System.CommandLine;
using Fairlead.Cli.Certificates;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Certificates;

/// <summary>The arguments that the commands share that make certificates.</summary>
internal static class CertificateArguments
{
    private const int LongestName = 64;

    public static Argument<string> Directory(string description) => new("DIRECTORY")
    {
        Description = description,
        HelpName = "DIRECTORY",
    };

    public static Option<int> Days(int normally)
    {
        Option<int> option = NewOption.Number("--days", "Days of validity", normally);
        option.Validators.Add(static result =>
        {
            // The parser reports a word that is not a number. It has no value to ask for.
            if (result.Tokens is [var token] && int.TryParse(token.Value, out int days) && days > 36500)
            {
                result.AddError("--days takes 1 to 36500");
            }
        });
        return option;
    }

    public static Option<bool> Force() => NewOption.Switch("--force", "Replace files that exist");

    /// <summary>Returns the name that the files of a certificate get.</summary>
    /// <exception cref="ToolException">It cannot be the name of a file here.</exception>
    public static string FileNameOf(string name)
    {
        string file = name.StartsWith("*.", StringComparison.Ordinal) ? "wildcard" + name[1..] : name.Replace(':', '-');
        return file.Length is 0 or > LongestName
            || file[0] is '.' or '-'
            || file.Any(static letter => letter == '/' || char.IsControl(letter))
            || file == CertificateFolder.AuthorityName
            ? throw ToolException.Usage(
                $"'{VisibleText.OneLine(name)}' cannot be the name of a file: use 1 to {LongestName} letters, digits, '.', '_' and '-'")
            : file;
    }

    /// <summary>Prints what was made, and a line with the address that uses it.</summary>
    public static void Report(CertificateFolder folder, string name, DateTimeOffset expiresAt, string what, string use)
    {
        StandardOutput.WriteLine($"{VisibleText.OneLine(folder.CertificateOf(name))}  {what}, until {expiresAt:yyyy-MM-dd}");
        StandardOutput.WriteLine($"{VisibleText.OneLine(folder.KeyOf(name))}  its key");
        StandardOutput.WriteLine(use);
    }
}
