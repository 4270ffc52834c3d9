@echo off
rem Cai fieldapp tu thu muc nay, khong can mang, khong can quyen quan tri.
rem Install fieldapp from this folder: no network, no administrator. ASCII only: cmd.exe reads it in the machine's code page.
setlocal EnableExtensions DisableDelayedExpansion
title fieldapp
set "HERE=%~dp0"
set "BASE=%LOCALAPPDATA%\fieldapp\python"
set "CODE=1"
set "PYTHON="
rem Else "py -3.13" of a new launcher may look for a network.
set "PYTHON_MANAGER_AUTOMATIC_INSTALL=false"
if not exist "%HERE%install.py" goto torn

rem 1. The Python that lies in the kit, the launcher's, one by name (an .exe: a python.bat would not come back), and the one
rem that a kit's installer made. Each is asked whether it fits.
set TRIED="%HERE%python\python.exe"
call :try
for %%V in (3.13 3.12 3.11 3.14) do (
    set TRIED=py.exe -%%V
    call :try
)
set TRIED=python.exe
call :try
set TRIED="%BASE%\python.exe"
call :try
if defined PYTHON goto install

rem 2. The installer in the kit, if it is the one that was put there. certutil of old versions writes blanks between bytes.
set "SETUP=%HERE%python\@PYTHON_SETUP@"
if /i not "%SETUP:~-4%"==".exe" goto missing
set "SUM="
for /f "skip=1 delims=" %%H in ('certutil -hashfile "%SETUP%" SHA256') do if not defined SUM set "SUM=%%H"
if not defined SUM goto damaged
if /i not "%SUM: =%"=="@PYTHON_SHA256@" goto damaged
echo Dang cai Python... / Installing Python...
start "" /wait "%SETUP%" /quiet InstallAllUsers=0 PrependPath=0 Include_launcher=0 Include_test=0 Shortcuts=0 "TargetDir=%BASE%"
call :try
if defined PYTHON goto install

:missing
echo Can Windows 10 tro len, 64 bit, va Python @PYTHONS@ (64 bit, khong phai ban cua Microsoft Store).
echo Khong thay Python nhu vay tren may. Chua cai gi. Hay xin bo cai co kem Python.
echo This needs Windows 10 or newer, 64-bit, and Python @PYTHONS@ (64-bit, not the Microsoft Store's).
echo None was found. Nothing was installed. Ask for a kit that carries Python.
goto end
:damaged
echo Tep trong thu muc python bi hong, bi sua, hoac khong kiem tra duoc. Chua cai gi. Hay xin bo cai khac.
echo A file in the folder "python" is damaged, altered, or could not be checked. Nothing was installed. Ask for another kit.
goto end
:torn
echo Thieu tep. Hay chep ca thu muc bo cai ra roi chay lai, dung chay tu trong tep nen.
echo Files are missing. Copy the whole folder out of the archive, then start this again.
goto end

:install
%PYTHON% -I "%HERE%install.py" %*
set "CODE=%ERRORLEVEL%"
:end
if "%~1"=="" pause
exit /b %CODE%

rem "if errorlevel 1" would take a Python that lacks a DLL for a good one: its code is negative.
:try
if defined PYTHON exit /b
%TRIED% -I "%HERE%install.py" --fits >nul 2>&1
if "%ERRORLEVEL%"=="0" set PYTHON=%TRIED%
exit /b
