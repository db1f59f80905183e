using System.Globalization;

namespace Fairlead.Rpc.Contracts;

/// <summary>The names of contracts on the wire. The generator checks them with the same code.</summary>
internal static class ContractName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>The rule for a name, for errors.</summary>
    public const string Rule = "a name has at most 128 letters, digits, '.', '_' and '-', and no empty part between dots";

    /// <summary>Whether a text can be the name of a contract. The name is a field of labels, which blanks separate.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= MaxLength
        && text.All(static letter => letter is '.' or '-' || IsOfIdentifier(letter))
        && text.Split('.').All(static part => part.Length > 0);

    // As the compiler takes them in the name of an interface.
    private static bool IsOfIdentifier(char letter) => CharUnicodeInfo.GetUnicodeCategory(letter) is UnicodeCategory.UppercaseLetter
        or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
        or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber or UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;
}
